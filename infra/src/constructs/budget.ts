import {
  BudgetsBudget,
  type BudgetsBudgetNotification,
} from '@cdktf/provider-aws/lib/budgets-budget/index.js';
import { Construct } from 'constructs';
import type { Environment } from '../environments/environment.ts';
import type { Deployment } from './deployment.ts';

interface BudgetProps extends NonNullable<Environment['optIns']['budget']> {
  /** Told at 80 % and 100 % of the amount, and when the month is forecast to end above it. */
  readonly topicArn: string;
}

/**
 * What the environment may cost in a month. Costs are known by the tag `Lake`, which the account that pays has to make a
 * cost allocation tag first (Billing, Cost allocation tags; it can be chosen a day after the first apply): until then the
 * budget sees nothing. What AWS charges without a tag, such as data transfer, it never sees. A filter of two tags would
 * take what has either of them, so `Project` and `Environment` would not do.
 */
export class Budget extends Construct {
  constructor(scope: Construct, id: string, deployment: Deployment, { monthlyUsd, topicArn }: BudgetProps) {
    super(scope, id);
    const told = (
      notificationType: 'ACTUAL' | 'FORECASTED',
      threshold: number,
    ): BudgetsBudgetNotification => ({
      comparisonOperator: 'GREATER_THAN',
      notificationType,
      threshold,
      thresholdType: 'PERCENTAGE',
      subscriberSnsTopicArns: [topicArn],
    });
    new BudgetsBudget(this, 'budget', {
      name: deployment.nameOf('monthly'),
      budgetType: 'COST',
      timeUnit: 'MONTHLY',
      limitAmount: String(monthlyUsd),
      limitUnit: 'USD',
      costFilter: [{ name: 'TagKeyValue', values: [`user:Lake$${deployment.environment.namePrefix}`] }],
      notification: [told('ACTUAL', 80), told('ACTUAL', 100), told('FORECASTED', 100)],
    });
  }
}
