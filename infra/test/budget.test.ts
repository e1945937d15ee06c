import { describe, expect, test } from '@jest/globals';
import { dev } from '../src/environments/dev.ts';
import { prod } from '../src/environments/prod.ts';
import { resources, stackOf } from './synthesized.ts';

const [budget] = resources(stackOf(prod), 'aws_budgets_budget');

test('there is a budget only where the environment opts in', () => {
  expect(resources(stackOf(dev), 'aws_budgets_budget')).toEqual([]);
  expect(budget?.body).toMatchObject({ limit_amount: '500', limit_unit: 'USD', time_unit: 'MONTHLY' });
});

describe('the budget', () => {
  test('counts what has the tag of this lake, which everything has', () => {
    expect(budget?.body.cost_filter).toEqual([{ name: 'TagKeyValue', values: ['user:Lake$sluice-prod'] }]);
    expect(stackOf(prod)).toMatchObject({
      provider: { aws: [{ default_tags: [{ tags: { Lake: 'sluice-prod' } }] }] },
    });
  });

  test('tells the topic of alarms at 80 % and 100 %, and when 100 % is forecast', () => {
    const told = (notification_type: string, threshold: number) => ({
      comparison_operator: 'GREATER_THAN',
      notification_type,
      threshold,
      threshold_type: 'PERCENTAGE',
      subscriber_sns_topic_arns: [`\${aws_sns_topic.topics_alarms_topic.arn}`],
    });
    expect(budget?.body.notification).toEqual([
      told('ACTUAL', 80),
      told('ACTUAL', 100),
      told('FORECASTED', 100),
    ]);
  });
});
