import { CloudwatchLogGroup } from '@cdktf/provider-aws/lib/cloudwatch-log-group/index.js';
import { LambdaFunction } from '@cdktf/provider-aws/lib/lambda-function/index.js';
import { Fn } from 'cdktf';
import { Construct } from 'constructs';
import type { FunctionSize } from '../environments/environment.ts';
import type { Deployment } from './deployment.ts';
import { allow, type Statement } from './policy.ts';
import { ServiceRole } from './role.ts';

// The newest that version 5.100.0 of the provider knows.
const runtime = 'nodejs22.x';

interface LakeFunctionProps {
  readonly description: string;
  readonly size: FunctionSize;
  /** What the app's `./env` asks for: `satisfies` its `Environment`. */
  readonly variables: Readonly<Record<string, string>>;
  /** What the code calls; logs, traces and its own variables' key come by themselves. */
  readonly may: readonly Statement[];
  readonly keyArn: string;
}

/** An app of `apps/`, deployed: its bundle, its role, its log group, its function. `id` is the app's folder. */
export class LakeFunction extends Construct {
  readonly app: string;
  readonly arn: string;
  readonly name: string;
  readonly timeoutSeconds: number;
  readonly roleArn: string;

  constructor(scope: Construct, app: string, deployment: Deployment, props: LakeFunctionProps) {
    super(scope, app);
    const { environment } = deployment;
    const name = deployment.nameOf(app);

    const logs = new CloudwatchLogGroup(this, 'logs', {
      name: `/aws/lambda/${name}`,
      retentionInDays: environment.retention.logDays,
      kmsKeyId: props.keyArn,
    });
    const role = new ServiceRole(this, app, deployment, {
      description: props.description,
      service: 'lambda.amazonaws.com',
      may: [
        allow('WriteOwnLogs', ['logs:CreateLogStream', 'logs:PutLogEvents'], [`${logs.arn}:*`]),
        // X-Ray has no resources to name.
        allow('SendTraces', ['xray:PutTraceSegments', 'xray:PutTelemetryRecords'], ['*']),
        allow('ReadOwnVariables', ['kms:Decrypt'], [props.keyArn]),
        ...props.may,
      ],
    });
    const bundle = `\${path.module}/../../bundles/${environment.lambda.architecture}/${app}.zip`;
    const lambda = new LambdaFunction(this, 'function', {
      functionName: name,
      description: props.description,
      role: role.arn,
      runtime,
      handler: 'index.handler',
      architectures: [environment.lambda.architecture],
      filename: bundle,
      sourceCodeHash: Fn.filebase64sha256(bundle),
      memorySize: props.size.memoryMb,
      timeout: props.size.timeoutSeconds,
      ephemeralStorage: { size: props.size.ephemeralMb },
      ...(props.size.reservedConcurrency === null
        ? {}
        : { reservedConcurrentExecutions: props.size.reservedConcurrency }),
      environment: { variables: { ...props.variables } },
      kmsKeyArn: props.keyArn,
      tracingConfig: { mode: 'Active' },
      loggingConfig: { logFormat: 'JSON', logGroup: logs.name },
      dependsOn: [role.policy],
    });
    this.app = app;
    this.arn = lambda.arn;
    this.name = name;
    this.timeoutSeconds = props.size.timeoutSeconds;
    this.roleArn = role.arn;
  }
}
