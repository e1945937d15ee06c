import { describe, expect, test } from '@jest/globals';
import { dev } from '../src/environments/dev.ts';
import type { Environment } from '../src/environments/environment.ts';
import { prod } from '../src/environments/prod.ts';
import { alarmNamed, formulaOf } from './found-alarms.ts';
import { at, resources, type StackJson, stackOf } from './synthesized.ts';

const machinesOf = (stack: StackJson) =>
  resources(stack, 'aws_sfn_state_machine').flatMap(({ address, body }) => {
    const { States } = JSON.parse(String(body.definition));
    const label = at(States, 'ProcessCsvRows', 'Label');
    return label === undefined
      ? []
      : [{ id: String(body.name).replace(/^sluice-\w+-/, ''), children: `\${${address}.arn}/${label}` }];
  });
const machines = machinesOf(stackOf(prod));

test('csv-map has a state machine for the one delimiter that datasets have', () => {
  expect(machines.map(({ id }) => id)).toEqual(['csv-map-comma']);
});

describe.each(machines)('of the batches of $id', ({ id, children }) => {
  // Named as Step Functions names them: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-examine-map-run.html
  const counted = (metric_name: string) => ({
    namespace: 'AWS/States',
    metric_name,
    dimensions: { StateMachineArn: children },
    stat: 'Sum',
  });

  test('those raise an alarm that could not be recorded as failed, since no letter tells of them', () => {
    const alarm = alarmNamed(prod, `failed-batches-${id}`);
    expect(formulaOf(alarm)).toMatchObject({
      metrics: [counted('ExecutionsFailed'), counted('ExecutionsTimedOut')],
      expression: 'FILL(m0, 0) + FILL(m1, 0)',
    });
    expect(alarm.body).toMatchObject({ comparison_operator: 'GreaterThanThreshold', threshold: 0 });
  });

  test('the percentage that failed raises an alarm at half of what is tolerated', () => {
    const alarm = alarmNamed(prod, `failure-tolerance-${id}`);
    expect(formulaOf(alarm)).toMatchObject({
      metrics: ['ExecutionsFailed', 'ExecutionsTimedOut', 'ExecutionsSucceeded'].map(counted),
      expression: '100 * (FILL(m0, 0) + FILL(m1, 0)) / (FILL(m0, 0) + FILL(m1, 0) + FILL(m2, 0))',
    });
    expect(alarm.body).toMatchObject({
      comparison_operator: 'GreaterThanThreshold',
      threshold: prod.map.toleratedFailurePercentage / 2,
    });
  });

  test('where nothing may fail, the first that does raises it', () => {
    const strict: Environment = { ...dev, map: { ...dev.map, toleratedFailurePercentage: 0 } };
    expect(alarmNamed(strict, `failure-tolerance-${id}`).body.threshold).toBe(0);
  });

  test('their being slowed down counts as that of their state machine', () => {
    expect(formulaOf(alarmNamed(prod, `throttles-${id}`)).metrics).toMatchObject([
      { metric_name: 'ExecutionThrottled' },
      counted('ExecutionThrottled'),
    ]);
  });
});

test('a letter about a batch raises an alarm, until nobody has left one', () => {
  const { body } = alarmNamed(prod, 'failed-batches');
  expect(body).toMatchObject({
    metric_name: 'ApproximateNumberOfMessagesVisible',
    dimensions: { QueueName: `\${aws_sqs_queue.failed_batches_queue.name}` },
    comparison_operator: 'GreaterThanThreshold',
    threshold: 0,
  });
  expect(body.ok_actions).toEqual(body.alarm_actions);
});

describe('what Map Runs say of their batches', () => {
  const rules = (environment: Environment) => {
    const lifecycle = resources(stackOf(environment), 'aws_s3_bucket_lifecycle_configuration').find(
      ({ name }) => name === 'zones_curated_lifecycle',
    );
    return lifecycle?.body.rule;
  };

  test.each([dev, prod])('goes with what runs stage, in $name', (environment) => {
    const days = environment.retention.stagingDays;
    for (const prefix of ['staging/', 'map-results/']) {
      expect(rules(environment)).toContainEqual(
        expect.objectContaining({ status: 'Enabled', filter: [{ prefix }], expiration: [{ days }] }),
      );
    }
  });
});
