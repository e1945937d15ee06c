import { describe, expect, test } from '@jest/globals';
import { refusalErrors } from '@sluice/workflows';
import { dev } from '../src/environments/dev.ts';
import type { Environment } from '../src/environments/environment.ts';
import { prod } from '../src/environments/prod.ts';
import { alarmNamed, formulaOf } from './found-alarms.ts';
import { at, resources, stackOf } from './synthesized.ts';

const logsOf = (machine: string): string =>
  machine.replace('aws_sfn_state_machine', 'aws_cloudwatch_log_group').replace(/_machine$/, '_logs');
const machines = resources(stackOf(prod), 'aws_sfn_state_machine').map(({ address, body }) => ({
  id: String(body.name).replace(`${prod.namePrefix}-`, ''),
  address,
}));
const execution = 'arn:aws:states:eu-central-1:123456789012:execution:sluice-prod-etl:orders-0123';

test('every state machine is looked at here', () => {
  expect(machines.map(({ id }) => id)).toEqual(['csv-map-comma', 'etl']);
});

describe.each(machines)('a run of $id that failed', ({ id, address }) => {
  const filter = resources(stackOf(prod), 'aws_cloudwatch_log_metric_filter').find(
    ({ body }) => body.name === `sluice-prod-failed-runs-${id}`,
  );

  /** The part of CloudWatch's filter patterns that ours uses: comparisons with `=` and `!=`, joined by `&&`; `*` is any text. */
  const counts = (event: {
    readonly type: string;
    readonly error?: string;
    readonly arn?: string;
  }): boolean => {
    const fields: Readonly<Record<string, string>> = {
      '$.type': event.type,
      '$.details.error': event.error ?? '',
      '$.execution_arn': event.arn ?? execution,
    };
    const [, terms = ''] = /^\{ (.*) \}$/.exec(String(filter?.body.pattern)) ?? [];
    return terms.split(' && ').every((term) => {
      const [, field = '', operator, value = ''] = /^(\S+) (=|!=) "([\w*/]+)"$/.exec(term) ?? [];
      const found = fields[field];
      if (found === undefined || operator === undefined) throw new Error(`cannot read ${term}`);
      return new RegExp(`^${value.replaceAll('*', '.*')}$`).test(found) === (operator === '=');
    });
  };

  test('is counted from the log of its state machine', () => {
    expect(filter?.body.log_group_name).toBe(`\${${logsOf(address)}.name}`);
    expect(counts({ type: 'ExecutionFailed', error: 'PipelineFailed' })).toBe(true);
    expect(counts({ type: 'ExecutionFailed', error: 'States.Runtime' })).toBe(true);
    expect(counts({ type: 'TaskFailed', error: 'PipelineFailed' })).toBe(false);
    expect(counts({ type: 'ExecutionSucceeded' })).toBe(false);
  });

  test.each(Object.values(refusalErrors))('is not one that ended as %s', (error) => {
    expect(counts({ type: 'ExecutionFailed', error })).toBe(false);
  });

  test('is not a batch that failed, which logs there, too', () => {
    const batch = execution.replace(':orders-', '/ProcessCsvRows:');
    expect(counts({ type: 'ExecutionFailed', error: 'States.Runtime', arn: batch })).toBe(false);
  });

  test('raises the alarm, and so does one that took too long or was stopped', () => {
    const alarm = alarmNamed(prod, `failed-runs-${id}`);
    const { metrics, expression } = formulaOf(alarm);
    expect(metrics).toMatchObject([
      { metric_name: at(filter?.body, 'metric_transformation', 'name') },
      ...['ExecutionsTimedOut', 'ExecutionsAborted'].map((metric_name) => ({
        metric_name,
        dimensions: { StateMachineArn: `\${${address}.arn}` },
      })),
    ]);
    expect(expression).toBe('FILL(m0, 0) + FILL(m1, 0) + FILL(m2, 0)');
    expect(alarm.body).toMatchObject({ comparison_operator: 'GreaterThanThreshold', threshold: 0 });
  });

  test('is told to the topic of runs, with its name and what to type', () => {
    const rule = resources(stackOf(prod), 'aws_cloudwatch_event_rule').find(
      ({ body }) => body.name === 'sluice-prod-failed-runs',
    );
    const target = resources(stackOf(prod), 'aws_cloudwatch_event_target').find(
      ({ body }) => body.rule === `\${${rule?.address}.name}`,
    );
    expect(JSON.parse(String(rule?.body.event_pattern)).detail).toEqual({
      stateMachineArn: expect.arrayContaining([`\${${address}.arn}`]),
      status: ['FAILED', 'TIMED_OUT', 'ABORTED'],
    });
    expect(target?.body.arn).toBe(`\${aws_sns_topic.topics_runs_topic.arn}`);
    const template = String(at(target?.body, 'input_transformer', 'input_template'));
    const used = [...template.matchAll(/<(\w+)>/g)].map(([, name]) => name);
    const paths = at(target?.body, 'input_transformer', 'input_paths') ?? {};
    expect([...new Set(used)].sort()).toEqual(Object.keys(paths).sort());
    expect(template).toContain('aws stepfunctions get-execution-history');
    // EventBridge takes a text as lines in quotes.
    for (const line of template.split('\n')) expect(line).toMatch(/^"[^"]+"$/);
  });
});

test('failed runs are counted apart, by environment of the account and by state machine', () => {
  const namesIn = (environment: Environment) =>
    resources(stackOf(environment), 'aws_cloudwatch_log_metric_filter').map(({ body }) =>
      at(body, 'metric_transformation', 'name'),
    );
  const names = [...namesIn(dev), ...namesIn(prod)].filter((name) => /Failed/.test(String(name)));
  expect(new Set(names).size).toBe(2 * machines.length);
});
