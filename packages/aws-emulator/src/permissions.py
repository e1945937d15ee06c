"""Asks for permissions that MiniStack does not ask for by itself, and notes which ones were used.

MiniStack holds a request to the policies of who sent it and of what it is about. But what it does in the name of a
role without a request goes unasked, and so does all that AWS would ask of KMS on the way. Here it is asked, by
MiniStack's own rules.
"""

import contextvars
import hashlib

from ministack.core import iam_actions, iam_evaluator
from ministack.core.responses import get_account_id, get_region
from ministack.services import kinesis, kms, lambda_svc, s3, sns, sqs, stepfunctions, sts

enforce = iam_evaluator.enforce


def denied(access_key, action, resource, keys=None):
    """Whether the policies refuse this; `keys` are those that conditions speak of."""
    service = action.partition(":")[0]
    return enforce(access_key, action, service, get_region(), resource, keys)


def session_of(role_arn):
    """The access key of a session in which a service acts in the name of a role."""
    key = "ASIA" + hashlib.sha256(role_arn.encode()).hexdigest()[:16].upper()
    role = role_arn.rpartition("/")[2]
    arn = f"arn:aws:sts::{get_account_id()}:assumed-role/{role}/service"
    sts.register_session(key, {"Arn": arn, "UserId": role, "SecretAccessKey": key, "SessionToken": key})
    # Services call each other over TLS.
    iam_evaluator.pin_request_origin("127.0.0.1", True)
    return key


def via(service):
    return {"kms:ViaService": f"{service}.{get_region()}.amazonaws.com"}


# Objects: https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html

uses_of_key = {
    "s3:GetObject": "kms:Decrypt",
    "s3:GetObjectVersion": "kms:Decrypt",
    "s3:PutObject": "kms:GenerateDataKey",
}
key_header = "x-amz-server-side-encryption-aws-kms-key-id"


def enforce_with_key(access_key, action, service, region, resource_arn="*", service_context=None):
    refusal = enforce(access_key, action, service, region, resource_arn, service_context)
    if not refusal and action == "kinesis:PutRecords":
        return denied_key_of_stream(access_key, "kms:GenerateDataKey", resource_arn)
    if refusal or action not in uses_of_key:
        return refusal
    bucket_arn = resource_arn.partition("/")[0]
    bucket = bucket_arn.rpartition(":")[2]
    key = s3._bucket_default_sse_headers(bucket).get(key_header)
    if not key:
        return None
    has_bucket_key = "<BucketKeyEnabled>true<" in s3._bucket_encryption[bucket]
    context = {"kms:EncryptionContext:aws:s3:arn": bucket_arn if has_bucket_key else resource_arn}
    return denied(access_key, uses_of_key[action], key, {**via("s3"), **context})


s3_service_context = iam_actions.s3_service_context


def s3_context_with_key(iam_action, query_params, path="", headers=None):
    """MiniStack tells conditions about the encryption that a write names, but not about the key."""
    context = s3_service_context(iam_action, query_params, path, headers)
    key = (headers or {}).get(key_header)
    return {**context, f"s3:{key_header}": key} if key and iam_action == "s3:PutObject" else context


# Encrypted streams: https://docs.aws.amazon.com/streams/latest/dev/permissions-user-key-KMS.html


def denied_key_of_stream(access_key, action, stream_arn):
    key = kms._resolve_key(kinesis._streams[stream_arn.partition("/")[2]].get("KeyId"))
    context = {"kms:EncryptionContext:aws:kinesis:arn": stream_arn}
    return key and denied(access_key, action, key["Arn"], {**via("kinesis"), **context})


# Functions that a stream feeds: https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-create.html

execute_function = lambda_svc._execute_function
reading = ("DescribeStream", "DescribeStreamSummary", "GetRecords", "GetShardIterator", "ListShards")


def execute_if_readable(func, event):
    """Fails in place of a function whose role may not read the stream that its batch is of: so the batch waits."""
    records = event.get("Records") if isinstance(event, dict) else None
    if records and records[0].get("eventSource") == "aws:kinesis":
        stream_arn = records[0]["eventSourceARN"]
        session = session_of((func.get("config") or func)["Role"])
        refused = [action for action in reading if denied(session, f"kinesis:{action}", stream_arn)]
        if refused or denied_key_of_stream(session, "kms:Decrypt", stream_arn):
            return {"error": True, "body": {"errorType": "AccessDenied", "errorMessage": stream_arn}}
    return execute_function(func, event)


# Encrypted queues: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html

queue_policy_allows = sqs.queue_policy_allows


def queue_and_key_allow(queue_arn, service, source_arn, source_account):
    if not queue_policy_allows(queue_arn, service, source_arn, source_account):
        return False
    key = kms._resolve_key(sqs._queue_by_arn(queue_arn)["attributes"].get("KmsMasterKeyId"))
    return not key or all(
        key_allows(key, action, service, {"aws:sourcearn": source_arn, "aws:sourceaccount": source_account})
        for action in ("kms:GenerateDataKey", "kms:Decrypt")
    )


def key_allows(key, action, service, context):
    asked = iam_evaluator.EvalContext(
        principal_arn="*",
        principal_type="Service",
        principal_account="",
        action=action,
        resource_arn=key["Arn"],
        region=get_region(),
        service_context=context,
    )
    return iam_evaluator.evaluate_resource_policy(key["Policy"], asked, service=service).decision == "Allow"


# Functions that a queue feeds: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html

concurrency = lambda_svc._sqs_esm_concurrency


def concurrency_if_allowed(esm, func_rec, config, queue=None):
    """How many batches may be under way: none of a queue that the function's role may not take from."""
    session = session_of(config["Role"])
    attributes = queue["attributes"]
    arn = attributes["QueueArn"]
    key = attributes.get("KmsMasterKeyId")
    actions = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
    if any(denied(session, action, arn) for action in actions):
        return 0
    if key and denied(session, "kms:Decrypt", key, via("sqs")):
        return 0
    return concurrency(esm, func_rec, config, queue)


# State machines: https://docs.aws.amazon.com/step-functions/latest/dg/service-integration-iam-templates.html

execute_task = stepfunctions._execute_task
invoke_resource = stepfunctions._invoke_resource
machine_role = contextvars.ContextVar("machine_role")


def execute_task_in_role(state_def, raw_input, execution, ctx):
    # A child of a Distributed Map names its parent's machine and the Map's label.
    machine = execution["stateMachineArn"].partition("/")[0]
    machine_role.set(stepfunctions._state_machines[machine]["roleArn"])
    return execute_task(state_def, raw_input, execution, ctx)


def invoke_resource_if_allowed(resource, parameters):
    role = machine_role.get()
    session = session_of(role)
    for action, on, keys in needs_of(resource, parameters):
        if denied(session, action, on, keys):
            cause = f"{role} is not authorized to perform: {action} on resource: {on}"
            raise stepfunctions._ExecutionError("States.Permissions", cause)
    return invoke_resource(resource, parameters)


def needs_of(resource, parameters):
    call = resource.partition(":states:::")[2]
    if call == "lambda:invoke":
        return [("lambda:InvokeFunction", parameters["FunctionName"], None)]
    if call == "sns:publish":
        topic = parameters["TopicArn"]
        key = sns._topics[topic]["attributes"].get("KmsMasterKeyId")
        uses = ("kms:GenerateDataKey", "kms:Decrypt") if key else ()
        return [("sns:Publish", topic, None), *((use, key, via("sns")) for use in uses)]
    if call in ("aws-sdk:glue:startCrawler", "aws-sdk:glue:getCrawler"):
        name = call.rpartition(":")[2]
        crawler = f"arn:aws:glue:{get_region()}:{get_account_id()}:crawler/{parameters['Name']}"
        return [(f"glue:{name[0].upper()}{name[1:]}", crawler, None)]
    raise stepfunctions._ExecutionError("States.Runtime", f"permissions.py does not know what {resource} needs.")


# Whoever acts in a role is the role to conditions, and not the session:
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principalarn

condition_key = iam_evaluator._resolve_condition_key


def condition_key_of_role(key, ctx):
    value = condition_key(key, ctx)
    if key.lower() != "aws:principalarn" or ":assumed-role/" not in value:
        return value
    role = iam_evaluator._role_name_from_assumed_arn(value)
    return f"arn:aws:iam::{ctx.principal_account}:role/{role}"


# What was used

evaluate = iam_evaluator.evaluate
used = set()
used_file = open("used-permissions", "a", buffering=1)


def evaluate_and_note(ctx, policies, *limits):
    result = evaluate(ctx, policies, *limits)
    if result.decision == "Allow" and ctx.principal_type == "AssumedRole":
        note(iam_evaluator._role_name_from_assumed_arn(ctx.principal_arn), result.matched_sid, ctx.action)
    return result


def note(*permission):
    if permission not in used:
        used.add(permission)
        used_file.write(f"{' '.join(permission)}\n")


def ask():
    iam_evaluator.enforce = enforce_with_key
    iam_evaluator.evaluate = evaluate_and_note
    iam_evaluator._resolve_condition_key = condition_key_of_role
    iam_actions.s3_service_context = s3_context_with_key
    sqs.queue_policy_allows = queue_and_key_allow
    lambda_svc._sqs_esm_concurrency = concurrency_if_allowed
    lambda_svc._execute_function = execute_if_readable
    stepfunctions._execute_task = execute_task_in_role
    stepfunctions._invoke_resource = invoke_resource_if_allowed
