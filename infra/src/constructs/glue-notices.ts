import { CloudwatchEventRule } from '@cdktf/provider-aws/lib/cloudwatch-event-rule/index.js';
import { CloudwatchEventTarget } from '@cdktf/provider-aws/lib/cloudwatch-event-target/index.js';
import { CloudwatchLogMetricFilter } from '@cdktf/provider-aws/lib/cloudwatch-log-metric-filter/index.js';
import { metricNamespace } from '@sluice/lambda-kit/metric-names';
import { Construct } from 'constructs';
import type { Deployment } from './deployment.ts';
import type { Metric, WatchedWorkflow } from './metrics.ts';
import { runbook } from './runbook.ts';

interface GlueNoticesProps {
  readonly jobName: string;
  /** What starts the job. */
  readonly workflow: Pick<WatchedWorkflow, 'logGroupName'>;
  /** Where alarms are sent; events.amazonaws.com may publish there. */
  readonly alarmsTopicArn: string;
}

/**
 * What no metric of Glue's tells of a job. Runs that had to wait for their turn are counted from the log of the state machine
 * that asked for them; a run that takes longer than `spark.lateMinutes` makes an event while it still goes on, and the
 * event is mailed. A run that failed fails its execution, which has an alarm.
 */
export class GlueNotices extends Construct {
  readonly waits: Metric;

  constructor(scope: Construct, id: string, deployment: Deployment, props: GlueNoticesProps) {
    super(scope, id);
    // A filter can give no dimension that is not in the log, so the environment is in the name.
    const name = `SparkRunsWaited-${deployment.environment.namePrefix}`;
    new CloudwatchLogMetricFilter(this, 'waits', {
      name: deployment.nameOf('spark-runs-waited'),
      logGroupName: props.workflow.logGroupName,
      // Its own runs are too many (ConcurrentRuns…), or the account's workers (ResourceNumberLimit…).
      pattern: '{ $.type = "TaskSubmitFailed" && $.details.error = "Glue.*ExceededException" }',
      metricTransformation: { name, namespace: metricNamespace, value: '1', unit: 'Count' },
    });
    this.waits = { namespace: metricNamespace, name, dimensions: {}, statistic: 'Sum' };

    const { name: environment, spark } = deployment.environment;
    const rule = new CloudwatchEventRule(this, 'late', {
      name: deployment.nameOf('late-spark-runs'),
      description: `Runs of the Spark job that take longer than ${spark.lateMinutes} minutes`,
      // https://docs.aws.amazon.com/glue/latest/dg/automating-awsglue-with-cloudwatch-events.html
      eventPattern: JSON.stringify({
        source: ['aws.glue'],
        'detail-type': ['Glue Job Run Status'],
        detail: { jobName: [props.jobName] },
      }),
    });
    new CloudwatchEventTarget(this, 'late-alarm', {
      rule: rule.name,
      arn: props.alarmsTopicArn,
      inputTransformer: {
        inputPaths: { run: '$.detail.jobRunId', state: '$.detail.state' },
        inputTemplate: [
          `A Spark run in ${environment} has taken more than ${spark.lateMinutes} minutes, and is <state>. After ${spark.timeoutMinutes} minutes it is stopped.`,
          `Look: aws glue get-job-run --job-name ${props.jobName} --run-id <run>`,
          `What to do: ${runbook('spark-late')}`,
        ]
          .map((line) => `"${line}"`)
          .join('\n'),
      },
    });
  }
}
