import { CloudwatchLogGroup } from '@cdktf/provider-aws/lib/cloudwatch-log-group/index.js';
import { GlueJob as GlueJobResource } from '@cdktf/provider-aws/lib/glue-job/index.js';
import type { SparkJob } from '@sluice/workflows';
import { Construct } from 'constructs';
import type { Deployment } from './deployment.ts';
import { glueEncryption, glueLogging } from './glue-encryption.ts';
import { GlueNotices } from './glue-notices.ts';
import type { Keys } from './keys.ts';
import type { WatchedWorkflow } from './metrics.ts';
import { allow } from './policy.ts';
import { ServiceRole } from './role.ts';
import { executorSetting, type SparkFiles } from './spark-files.ts';
import type { WatchedSpark } from './watch.ts';

interface GlueJobProps {
  readonly files: SparkFiles;
  readonly keys: Pick<Keys, 'data' | 'operations'>;
}

/** Spark 3.5.6, Python 3.11, Delta 3.3.2: https://docs.aws.amazon.com/glue/latest/dg/release-notes.html */
const glueVersion = '5.1';

/**
 * The Glue job `<prefix>-transform-spark`, its role and its logs; where a dataset has a Delta table, a second one,
 * `<prefix>-merge-spark`, that merges into it.
 */
export class GlueJob extends Construct {
  readonly name: string;
  readonly job: Extract<SparkJob, { kind: 'glue' }>;
  readonly #deployment: Deployment;

  constructor(scope: Construct, id: string, deployment: Deployment, { files, keys }: GlueJobProps) {
    super(scope, id);
    const { spark, retention } = deployment.environment;
    const security = glueEncryption(this, deployment, id, keys);
    // Glue makes up their names of the role and the configuration, and them where they are missing, for ever.
    // https://docs.aws.amazon.com/glue/latest/dg/monitor-continuous-logging.html#monitor-logging-encrypt-log-data
    const logName = (stream: 'error' | 'output'): string =>
      `/aws-glue/jobs/${security.name}-role/${deployment.nameOf(id)}/${stream}`;
    const logs = (['error', 'output'] as const).map(
      (stream) =>
        new CloudwatchLogGroup(this, `${stream}-logs`, {
          name: logName(stream),
          retentionInDays: retention.logDays,
          kmsKeyId: keys.operations,
        }),
    );
    const role = new ServiceRole(this, id, deployment, {
      description: 'Stages the rows of an object that is too large for a Lambda',
      service: 'glue.amazonaws.com',
      may: [...files.may, glueLogging(logs.map(({ arn }) => arn)), ...ownCalls],
    });
    const settings = {
      roleArn: role.arn,
      glueVersion,
      command: { name: 'glueetl', pythonVersion: '3', scriptLocation: files.script },
      executionClass: 'STANDARD',
      workerType: spark.workerType,
      numberOfWorkers: spark.workers,
      timeout: spark.timeoutMinutes,
      // The state machine decides what is tried again: to it a job is over with its first attempt.
      maxRetries: 0,
      securityConfiguration: security.name,
      notificationProperty: { notifyDelayAfter: spark.lateMinutes },
      // https://docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-etl-glue-arguments.html
      defaultArguments: {
        ...files.arguments,
        '--extra-py-files': files.package,
        '--conf': executorSetting,
        '--job-language': 'python',
        '--job-bookmark-option': 'job-bookmark-disable',
        '--enable-auto-scaling': String(spark.autoScaling),
        '--enable-metrics': 'true',
        '--enable-observability-metrics': 'true',
        '--enable-spark-ui': 'true',
        '--spark-event-logs-path': files.eventLogs,
        ...(files.needsDelta ? { '--datalake-formats': 'delta' } : {}),
      },
      dependsOn: [role.policy, ...logs, ...files.objects],
    };
    const { name } = new GlueJobResource(this, 'job', {
      ...settings,
      name: deployment.nameOf(id),
      description: 'Takes an object that is too large for a Lambda to staged rows',
      executionProperty: { maxConcurrentRuns: spark.maxConcurrentRuns },
    });
    const mergeName = deployment.nameOf('merge-spark');
    if (files.needsDelta) {
      new GlueJobResource(this, 'merge-job', {
        ...settings,
        name: mergeName,
        description: 'Merges staged rows into Delta tables',
        // A table on S3 may have one writer: https://docs.delta.io/delta-storage
        executionProperty: { maxConcurrentRuns: 1 },
      });
    }
    this.#deployment = deployment;
    this.name = name;
    this.job = {
      kind: 'glue',
      // Written out, so that the permissions of what starts it can say it, too.
      name: deployment.nameOf(id),
      ...(files.needsDelta && { mergeName }),
      timeoutSeconds: spark.timeoutMinutes * 60,
      logGroup: logName('output'),
    };
  }

  /** Makes what tells of its runs beside its own metrics. `workflow`: what starts them. */
  watchedIn(workflow: WatchedWorkflow, alarmsTopicArn: string): WatchedSpark {
    const { name: jobName } = this;
    const { waits } = new GlueNotices(this, 'notices', this.#deployment, {
      jobName: this.job.name,
      workflow,
      alarmsTopicArn,
    });
    return { kind: 'glue', jobName, waits };
  }
}

/** What Glue itself does in a job's role: https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSGlueServiceRole.html */
const ownCalls = [
  allow('ReadOwnSettings', ['glue:GetSecurityConfiguration'], ['*']),
  allow('MeasureItself', ['cloudwatch:PutMetricData'], ['*'], {
    StringEquals: { 'cloudwatch:namespace': 'Glue' },
  }),
];
