import type { Environment } from '../src/environments/environment.ts';
import { at, type Resource, resources, stackOf } from './synthesized.ts';

export const metricAlarms = (environment: Environment): Resource[] =>
  resources(stackOf(environment), 'aws_cloudwatch_metric_alarm');

export const composites = (environment: Environment): Resource[] =>
  resources(stackOf(environment), 'aws_cloudwatch_composite_alarm');

/** By its name without the prefix. */
export const alarmNamed = (environment: Environment, name: string): Resource => {
  const found = metricAlarms(environment).find(
    ({ body }) => body.alarm_name === `${environment.namePrefix}-${name}`,
  );
  if (!found) throw new Error(`no alarm ${name}`);
  return found;
};

/** What an alarm computes of several metrics. */
export const formulaOf = ({ body }: Resource) => {
  const queries = Array.isArray(body.metric_query) ? body.metric_query : [];
  const metrics = queries.flatMap((query) => {
    const metric = at(query, 'metric');
    return metric === undefined ? [] : [metric];
  });
  const expressions = queries.map((query) => at(query, 'expression')).filter((one) => one !== undefined);
  return { metrics, expression: expressions.join() };
};
