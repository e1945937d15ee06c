import {
  at,
  type Json,
  type Resource,
  referencesIn,
  resources,
  type StackJson,
  statementsOf,
} from '../../src/stack-json.ts';
import { about, type Rule, ref, rewrite, rewriteStatement, withoutStatement } from './rule.ts';

const crawlersOf = (stack: StackJson, parameters: Json | undefined): string[] => {
  const [, beginning] =
    /^States\.Format\('([^{}']+)\{\}', \$\.dataset\)$/.exec(String(at(parameters, 'Name.$'))) ?? [];
  return resources(stack, 'aws_glue_crawler')
    .map(({ body }) => String(body.name))
    .filter((name) => beginning !== undefined && name.startsWith(beginning))
    .map((name) => `crawler/${name}`);
};

const text = (parameters: Json | undefined, name: string): string[] => [String(at(parameters, name))];

/** What a Task calls, and on what, in the words of a policy; an ARN of ours may end as the given does. */
const calls: Readonly<
  Record<
    string,
    {
      readonly actions: readonly string[];
      readonly on: (stack: StackJson, parameters: Json | undefined) => string[];
      /** What else it takes, as `action on resource`. */
      readonly besides?: (parameters: Json | undefined) => string[];
    }
  >
> = {
  'lambda:invoke': {
    actions: ['lambda:InvokeFunction'],
    on: (_stack, parameters) => text(parameters, 'FunctionName'),
  },
  'sns:publish': { actions: ['sns:Publish'], on: (_stack, parameters) => text(parameters, 'TopicArn') },
  'aws-sdk:glue:startCrawler': { actions: ['glue:StartCrawler'], on: crawlersOf },
  'aws-sdk:glue:getCrawler': { actions: ['glue:GetCrawler'], on: crawlersOf },
  // https://docs.aws.amazon.com/step-functions/latest/dg/connect-glue.html#glue-iam
  'glue:startJobRun.sync': {
    actions: ['glue:StartJobRun', 'glue:GetJobRun', 'glue:GetJobRuns', 'glue:BatchStopJobRun'],
    on: (_stack, parameters) => [`job/${String(at(parameters, 'JobName'))}`],
  },
  // https://docs.aws.amazon.com/step-functions/latest/dg/emr-serverless-iam.html
  'emr-serverless:startJobRun.sync': {
    actions: ['emr-serverless:StartJobRun'],
    on: (_stack, parameters) => [`/applications/${String(at(parameters, 'ApplicationId'))}`],
    besides: (parameters) => [
      ...['GetJobRun', 'CancelJobRun'].map(
        (action) =>
          `emr-serverless:${action} on /applications/${String(at(parameters, 'ApplicationId'))}/jobruns/*`,
      ),
      `iam:PassRole on ${String(at(parameters, 'ExecutionRoleArn'))}`,
      ...['PutTargets', 'PutRule', 'DescribeRule'].map(
        (action) => `events:${action} on rule/StepFunctionsGetEventsForEMRServerlessJobRule`,
      ),
    ],
  },
};

interface Needs {
  /** `lambda:InvokeFunction on ${aws_lambda_function.….arn}` */
  readonly uses: readonly string[];
  readonly unknown: readonly string[];
}

/** Every state, also those of what a Map does with its items. */
const statesOf = (definition: Json | undefined): Json[] =>
  Object.values(at(definition, 'States') ?? {}).flatMap((state) => [
    state,
    ...statesOf(at(state, 'ItemProcessor')),
  ]);

/**
 * What a Distributed Map does besides its states: it reads its items, runs its children, writes their results.
 * https://docs.aws.amazon.com/step-functions/latest/dg/iam-policies-eg-dist-map.html
 */
const usesOfMap = (map: Json, machine: Resource): string[] => {
  const children = `execution:${machine.body.name}/${at(map, 'Label')}:*`;
  const [bucket = ''] = referencesIn(at(map, 'ResultWriter', 'Parameters', 'Bucket'));
  const [, folder] =
    /^States\.Format\('([\w-]+)\/\{\}', \$\.runId\)$/.exec(
      String(at(map, 'ResultWriter', 'Parameters', 'Prefix.$')),
    ) ?? [];
  return [
    // A run is about an object that came in.
    ...['GetObject', 'GetObjectVersion'].map(
      (action) => `s3:${action} on ${ref('aws_s3_bucket.zones_raw_bucket', 'arn')}/incoming/*`,
    ),
    ...['PutObject', 'GetObject', 'ListMultipartUploadParts', 'AbortMultipartUpload'].map(
      (action) => `s3:${action} on ${ref(bucket, 'arn')}/${folder}/*`,
    ),
    `states:StartExecution on stateMachine:${machine.body.name}`,
    ...['DescribeExecution', 'StopExecution'].flatMap((action) =>
      [`execution:${machine.body.name}:*`, children].map((arn) => `states:${action} on ${arn}`),
    ),
    `states:RedriveExecution on ${children}`,
    `states:RedriveExecution on ${children.replace('execution:', 'mapRun:')}`,
  ];
};

const needsOf = (stack: StackJson, machine: Resource): Needs => {
  const states = statesOf(JSON.parse(String(machine.body.definition)));
  const uses = new Set<string>();
  const unknown = new Set<string>();
  for (const task of states.filter((state) => at(state, 'Type') === 'Task')) {
    const resource = String(at(task, 'Resource'));
    const call = calls[resource.replace('arn:aws:states:::', '')];
    if (!call) unknown.add(resource);
    for (const use of call?.besides?.(at(task, 'Parameters')) ?? []) uses.add(use);
    for (const action of call?.actions ?? []) {
      for (const arn of call?.on(stack, at(task, 'Parameters')) ?? []) uses.add(`${action} on ${arn}`);
    }
  }
  for (const map of states.filter((state) => at(state, 'Type') === 'Map')) {
    for (const use of usesOfMap(map, machine)) uses.add(use);
  }
  return { uses: [...uses], unknown: [...unknown] };
};

/** What the machine's role allows, without what the machine itself needs: its key, and the delivery of logs and traces. */
const allowedTo = (stack: StackJson, machine: Resource): string[] => {
  const [address] = referencesIn(machine.body.role_arn);
  const [role] = resources(stack, 'aws_iam_role').filter((each) => each.address === address);
  const policies = role ? about(stack, 'aws_iam_role_policy', 'role', role) : [];
  return policies
    .flatMap(({ body }) => statementsOf(body.policy))
    .filter(({ Effect }) => Effect === 'Allow')
    .flatMap(({ Action, Resource: on }) =>
      Action.filter((action) => !action.startsWith('kms:')).flatMap((action) =>
        on
          .filter((arn) => arn !== '*')
          .map((arn) => `${action} on ${arn.replace(/^arn:.*\.account_id\}:/, '')}`),
      ),
    );
};

const machine = 'aws_sfn_state_machine.workflow_machine';
const policy = 'aws_iam_role_policy.workflow_etl_policy';
const csvMap = 'aws_sfn_state_machine.csv_map_comma_machine';
const csvMapPolicy = 'aws_iam_role_policy.csv_map_comma_csv_map_comma_policy';
const children = 'sluice-dev-csv-map-comma/ProcessCsvRows:*';

export const workflowRules: readonly Rule[] = [
  {
    intent: 'every state of a state machine may do what it calls',
    violations: (stack) =>
      resources(stack, 'aws_sfn_state_machine').flatMap((each) => {
        const allowed = allowedTo(stack, each);
        const { uses, unknown } = needsOf(stack, each);
        return [
          ...unknown.map((call) => `${each.address} calls ${call}, of which nothing is known here`),
          ...uses.filter((use) => !allowed.includes(use)).map((use) => `${each.address} lacks ${use}`),
        ];
      }),
    broken: [
      {
        how: 'the role may invoke one function only',
        change: (stack) =>
          rewriteStatement(stack, policy, 'policy', 'InvokeSteps', (statement) => {
            statement.Resource = [
              ref('aws_lambda_function.functions_score_quality_function', 'arn'),
              ref('aws_lambda_function.functions_transform_object_function', 'arn'),
              ref('aws_lambda_function.functions_publish_run_function', 'arn'),
            ];
          }),
        says: [
          `${machine} lacks lambda:InvokeFunction on ${ref('aws_lambda_function.functions_validate_object_function', 'arn')}`,
        ],
      },
      {
        how: 'a state calls something new',
        change: (stack) =>
          rewrite(stack, machine, 'definition', (definition) => {
            const task = at(definition, 'States', 'RunDataDiscovery');
            if (typeof task === 'object')
              Object.assign(task ?? {}, { Resource: 'arn:aws:states:::athena:startQueryExecution' });
          }),
        says: [
          `${machine} calls arn:aws:states:::athena:startQueryExecution, of which nothing is known here`,
        ],
      },
      {
        how: "a dataset's crawler cannot be started",
        change: (stack) =>
          rewriteStatement(stack, policy, 'policy', 'StartCrawlers', (statement) => {
            const arns = Array.isArray(statement.Resource) ? statement.Resource : [];
            statement.Resource = arns.filter((arn) => !String(arn).endsWith('-orders'));
          }),
        says: [`${machine} lacks glue:StartCrawler on crawler/sluice-dev-raw-orders`],
      },
      {
        how: 'the Spark job can be started, and not stopped',
        change: (stack) =>
          rewriteStatement(stack, policy, 'policy', 'RunJobs', (statement) => {
            statement.Action = ['glue:StartJobRun', 'glue:GetJobRun', 'glue:GetJobRuns'];
          }),
        says: [`${machine} lacks glue:BatchStopJobRun on job/sluice-dev-transform-spark`],
      },
      {
        how: 'the role of Spark cannot be handed over',
        of: 'everything-on',
        change: (stack) => withoutStatement(stack, policy, 'policy', 'HandOverRole'),
        says: [
          `${machine} lacks iam:PassRole on ${ref('aws_iam_role.transform_spark_emr_transform_spark_emr_role', 'arn')}`,
        ],
      },
      {
        how: 'batches cannot be started',
        change: (stack) =>
          rewriteStatement(stack, csvMapPolicy, 'policy', 'StartBatches', (statement) => {
            statement.Resource = [ref(machine, 'arn')];
          }),
        says: [`${csvMap} lacks states:StartExecution on stateMachine:sluice-dev-csv-map-comma`],
      },
      {
        how: 'what failed cannot be redriven',
        change: (stack) =>
          rewriteStatement(stack, csvMapPolicy, 'policy', 'RedriveBatches', (statement) => {
            const arns = Array.isArray(statement.Resource) ? statement.Resource : [];
            statement.Resource = arns.filter((arn) => !String(arn).includes(':mapRun:'));
          }),
        says: [`${csvMap} lacks states:RedriveExecution on mapRun:${children}`],
      },
      {
        how: 'the function of a batch cannot be invoked',
        change: (stack) =>
          rewriteStatement(stack, csvMapPolicy, 'policy', 'InvokeSteps', (statement) => {
            const arns = Array.isArray(statement.Resource) ? statement.Resource : [];
            statement.Resource = arns.filter((arn) => !String(arn).includes('record_failed_rows'));
          }),
        says: [
          `${csvMap} lacks lambda:InvokeFunction on ${ref('aws_lambda_function.functions_record_failed_rows_function', 'arn')}`,
        ],
      },
      {
        how: 'results go where the role may not write',
        change: (stack) =>
          rewriteStatement(stack, csvMapPolicy, 'policy', 'WriteResults', (statement) => {
            statement.Action = ['s3:GetObject', 's3:ListMultipartUploadParts', 's3:AbortMultipartUpload'];
          }),
        says: [
          `${csvMap} lacks s3:PutObject on ${ref('aws_s3_bucket.zones_curated_bucket', 'arn')}/map-results/*`,
        ],
      },
    ],
  },
  {
    intent: 'the role of a state machine may do nothing that no state calls',
    violations: (stack) =>
      resources(stack, 'aws_sfn_state_machine').flatMap((each) => {
        const { uses } = needsOf(stack, each);
        return allowedTo(stack, each)
          .filter((use) => !uses.includes(use))
          .map((use) => `${each.address} may ${use}, which no state calls`);
      }),
    broken: [
      {
        how: 'it may do one thing more',
        change: (stack) =>
          rewriteStatement(stack, policy, 'policy', 'SendNotifications', (statement) => {
            statement.Action = ['sns:Publish', 'sns:Subscribe'];
          }),
        says: [
          `${machine} may sns:Subscribe on ${ref('aws_sns_topic.topics_runs_topic', 'arn')}, which no state calls`,
        ],
      },
      {
        how: 'it may change a Map Run while it runs',
        change: (stack) =>
          rewriteStatement(stack, csvMapPolicy, 'policy', 'RedriveBatches', (statement) => {
            statement.Action = ['states:RedriveExecution', 'states:UpdateMapRun'];
          }),
        says: [
          `${csvMap} may states:UpdateMapRun on execution:${children}, which no state calls`,
          `${csvMap} may states:UpdateMapRun on mapRun:${children}, which no state calls`,
        ],
      },
      {
        how: 'a state has gone and left its permission',
        change: (stack) =>
          rewrite(stack, machine, 'definition', (definition) => {
            const states = at(definition, 'States');
            if (typeof states !== 'object' || states === null || Array.isArray(states)) return;
            delete states.TransformObject;
          }),
        says: [
          `${machine} may lambda:InvokeFunction on ${ref('aws_lambda_function.functions_transform_object_function', 'arn')}, which no state calls`,
        ],
      },
    ],
  },
];
