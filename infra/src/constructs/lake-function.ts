import { CloudwatchLogGroup } from '@cdktf/provider-aws/lib/cloudwatch-log-group/index.js';
import { LambdaFunction } from '@cdktf/provider-aws/lib/lambda-function/index.js';
import type { Environment as CollectMapRun } from '@sluice/collect-map-run/env';
import type { Environment as IngestApi } from '@sluice/ingest-api/env';
import type { Environment as IngestStream } from '@sluice/ingest-stream/env';
import { handlerName } from '@sluice/lambda-kit/bundle-lambda';
import type { Environment as ProcessRows } from '@sluice/process-rows/env';
import type { Environment as PublishRun } from '@sluice/publish-run/env';
import type { Environment as RecordFailedRows } from '@sluice/record-failed-rows/env';
import type { Environment as ScoreQuality } from '@sluice/score-quality/env';
import type { Environment as StartPipeline } from '@sluice/start-pipeline/env';
import type { Environment as TransformObject } from '@sluice/transform-object/env';
import type { Environment as ValidateObject } from '@sluice/validate-object/env';
import { Construct } from 'constructs';
import type { FunctionSize } from '../environments/environment.ts';
import type { Deployment } from './deployment.ts';
import { allow, type Statement } from './policy.ts';
import { networkMembership, type PrivateNetwork } from './private-network.ts';
import { ServiceRole } from './role.ts';

// The newest that version 5.100.0 of the provider knows.
const runtime = 'nodejs22.x';

/** What each app's code reads from its environment: a variable that is missing, or that nobody reads, does not compile. */
interface AppVariables {
  'collect-map-run': CollectMapRun;
  'ingest-api': IngestApi;
  'ingest-stream': IngestStream;
  'process-rows': ProcessRows;
  'publish-run': PublishRun;
  'record-failed-rows': RecordFailedRows;
  'score-quality': ScoreQuality;
  'start-pipeline': StartPipeline;
  'transform-object': TransformObject;
  'validate-object': ValidateObject;
}

/** What a function has in common with the others. */
export interface FunctionSurroundings {
  /** Where functions run; null: in Lambda's own network. */
  readonly network: PrivateNetwork | null;
  /** Encrypts logs and variables. */
  readonly keyArn: string;
}

interface LakeFunctionProps<App extends keyof AppVariables> extends FunctionSurroundings {
  readonly description: string;
  readonly size: FunctionSize;
  readonly variables: AppVariables[App];
  /** What the code calls; logs, traces, its own variables' key and the network come by themselves. */
  readonly may: readonly Statement[];
}

/**
 * An app of `apps/`, deployed: its bundle, its role, its log group, its function. `app` is its folder, `<prefix>-<app>`
 * its name.
 *
 * It has no destination for asynchronous invocations that fail, because there are none: Step Functions waits for each
 * answer and a fault fails the execution, the API waits too, and the queue in front of start-pipeline and the stream in
 * front of ingest-stream have dead letters of their own. One that somebody makes by hand shows in the alarm on the function's errors. What invokes a function asynchronously one day
 * brings a destination, and the permission to write to it, along.
 */
export class LakeFunction<App extends keyof AppVariables = keyof AppVariables> extends Construct {
  readonly app: App;
  readonly arn: string;
  readonly name: string;
  readonly timeoutSeconds: number;
  readonly roleArn: string;

  constructor(scope: Construct, app: App, deployment: Deployment, props: LakeFunctionProps<App>) {
    super(scope, app);
    const { environment } = deployment;
    const { network, keyArn, size } = props;
    const name = deployment.nameOf(app);
    const arn = deployment.arnOf('lambda', `function:${name}`);

    const logs = new CloudwatchLogGroup(this, 'logs', {
      name: `/aws/lambda/${name}`,
      retentionInDays: environment.retention.logDays,
      kmsKeyId: keyArn,
    });
    const role = new ServiceRole(this, app, deployment, {
      description: props.description,
      service: 'lambda.amazonaws.com',
      may: [
        allow('WriteOwnLogs', ['logs:CreateLogStream', 'logs:PutLogEvents'], [`${logs.arn}:*`]),
        // X-Ray has no resources to name: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsx-ray.html
        allow('SendTraces', ['xray:PutTraceSegments', 'xray:PutTelemetryRecords'], ['*']),
        allow('ReadOwnVariables', ['kms:Decrypt'], [keyArn], {
          StringEquals: { 'kms:EncryptionContext:aws:lambda:FunctionArn': arn },
        }),
        ...(network === null ? [] : networkMembership(arn)),
        ...props.may,
      ],
    });
    // Beside the stacks, wherever they are synthesized.
    const bundle = `\${path.module}/../../bundles/${environment.lambda.architecture}/${app}.zip`;
    const lambda = new LambdaFunction(this, 'function', {
      functionName: name,
      description: props.description,
      role: role.arn,
      runtime,
      handler: handlerName,
      architectures: [environment.lambda.architecture],
      filename: bundle,
      // `Fn.filebase64sha256` would take the path at its word.
      sourceCodeHash: `\${filebase64sha256("${bundle}")}`,
      memorySize: size.memoryMb,
      timeout: size.timeoutSeconds,
      ephemeralStorage: { size: size.ephemeralMb },
      ...(size.reservedConcurrency === null
        ? {}
        : { reservedConcurrentExecutions: size.reservedConcurrency }),
      environment: { variables: { ...props.variables } },
      kmsKeyArn: keyArn,
      tracingConfig: { mode: 'Active' },
      loggingConfig: { logFormat: 'JSON', logGroup: logs.name },
      ...(network === null
        ? {}
        : {
            vpcConfig: {
              subnetIds: [...network.subnetIds],
              securityGroupIds: [...network.securityGroupIds],
            },
          }),
      // Lambda tries the role when the function is made.
      dependsOn: [role.policy],
    });
    this.app = app;
    this.arn = lambda.arn;
    this.name = name;
    this.timeoutSeconds = size.timeoutSeconds;
    this.roleArn = role.arn;
  }
}
