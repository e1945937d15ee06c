import { CloudwatchEventRule } from '@cdktf/provider-aws/lib/cloudwatch-event-rule/index.js';
import { CloudwatchEventTarget } from '@cdktf/provider-aws/lib/cloudwatch-event-target/index.js';
import { CloudwatchLogMetricFilter } from '@cdktf/provider-aws/lib/cloudwatch-log-metric-filter/index.js';
import { metricNamespace } from '@sluice/lambda-kit/metric-names';
import { refusalErrors } from '@sluice/workflows';
import { Construct } from 'constructs';
import type { Deployment } from './deployment.ts';
import { type Metric, stateMachineMetric, type WatchedWorkflow } from './metrics.ts';
import { runbook } from './runbook.ts';

interface FailedRunsProps<Workflow extends WatchedWorkflow> {
  readonly workflows: readonly Workflow[];
  /** Takes a message for each run that ended badly. */
  readonly topicArn: string;
}

/** Their sum is how many runs of a state machine failed through no fault of their data. */
export interface FailedRunMetrics {
  readonly failed: Metric;
  readonly timedOut: Metric;
  readonly stopped: Metric;
}

/**
 * Runs that ended badly: what counts them, and what tells of them.
 *
 * Counted are those that the lake is to blame for. Step Functions' own count of failures has the refused objects as well,
 * its events to EventBridge do not say why an execution failed when it is encrypted with a key of ours
 * (https://docs.aws.amazon.com/step-functions/latest/dg/encryption-at-rest.html#faqs), and a difference of two metrics is
 * wrong whenever a minute ends between them. The log says it.
 *
 * Told is of every one, to the topic of runs and at least once: a run that was stopped, or took too long, could not tell
 * of itself, and a program that waits for it has to know. Nobody is mailed this: people get one mail from the alarm,
 * however many runs failed.
 */
export class FailedRuns<Workflow extends WatchedWorkflow> extends Construct {
  /** Each with what counts its failed runs. */
  readonly workflows: readonly (Workflow & { readonly failedRuns: FailedRunMetrics })[];

  constructor(scope: Construct, id: string, deployment: Deployment, props: FailedRunsProps<Workflow>) {
    super(scope, id);
    const { workflows, topicArn } = props;
    this.workflows = workflows.map((workflow) => ({
      ...workflow,
      failedRuns: {
        failed: this.#countFailed(deployment, workflow),
        timedOut: stateMachineMetric(workflow.arn, 'ExecutionsTimedOut', 'Sum'),
        stopped: stateMachineMetric(workflow.arn, 'ExecutionsAborted', 'Sum'),
      },
    }));

    const rule = new CloudwatchEventRule(this, 'rule', {
      name: deployment.nameOf('failed-runs'),
      description: 'Runs that refused an object, failed, were stopped or took too long',
      // https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html
      eventPattern: JSON.stringify({
        source: ['aws.states'],
        'detail-type': ['Step Functions Execution Status Change'],
        // Children of a Distributed Map have an ARN of their own.
        detail: {
          stateMachineArn: workflows.map(({ arn }) => arn),
          status: ['FAILED', 'TIMED_OUT', 'ABORTED'],
        },
      }),
    });
    new CloudwatchEventTarget(this, 'target', {
      rule: rule.name,
      arn: topicArn,
      inputTransformer: {
        inputPaths: {
          run: '$.detail.name',
          status: '$.detail.status',
          execution: '$.detail.executionArn',
        },
        inputTemplate: [
          'The run <run> ended as <status>. If it could say why, it has, in a message of its own.',
          'Look: aws stepfunctions get-execution-history --reverse-order --max-items 5 --execution-arn <execution>',
          `Next: ${runbook('failed-runs')}`,
        ]
          .map((line) => `"${line}"`)
          .join('\n'),
      },
    });
  }
  #countFailed(deployment: Deployment, { id, logGroupName }: WatchedWorkflow): Metric {
    // A filter can give no dimension that is not in the log, so environment and state machine are in the name.
    const name = `RunsFailed-${deployment.nameOf(id)}`;
    new CloudwatchLogMetricFilter(this, `count-${id}`, {
      name: deployment.nameOf(`failed-runs-${id}`),
      logGroupName,
      // https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html#cloudwatch-log-level
      pattern: `{ ${[
        '$.type = "ExecutionFailed"',
        // Children of a Distributed Map log here, too: …:execution:<state machine>/<label>:<name>
        '$.execution_arn != "*/*"',
        ...Object.values(refusalErrors).map((error) => `$.details.error != "${error}"`),
      ].join(' && ')} }`,
      metricTransformation: { name, namespace: metricNamespace, value: '1', unit: 'Count' },
    });
    return { namespace: metricNamespace, name, dimensions: {}, statistic: 'Sum' };
  }
}
