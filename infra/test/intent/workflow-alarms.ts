import { z } from 'zod';
import { at, type Json, resources } from '../../src/stack-json.ts';
import { metricAlarms, metricsOf, watchedMetrics } from './alarms.ts';
import { bodyOf, type Rule, ref, remove, rewrite } from './rule.ts';

const distributedMap = z.looseObject({
  Type: z.literal('Map'),
  Label: z.string(),
  ToleratedFailurePercentage: z.number(),
});

const distributedMaps = (definition: Json | undefined): z.output<typeof distributedMap>[] =>
  Object.values(
    z.looseObject({ States: z.record(z.string(), z.unknown()) }).parse(JSON.parse(String(definition))).States,
  ).flatMap((state) => distributedMap.safeParse(state).data ?? []);

export const workflowAlarmRules: readonly Rule[] = [
  {
    intent: 'runs of every state machine are watched for failing, for taking too long, and for being stopped',
    violations: (stack) =>
      resources(stack, 'aws_sfn_state_machine').flatMap((machine) => {
        const { name } = machine.body;
        const isWatched = (metric: string, dimension: Json | undefined): boolean =>
          watchedMetrics(stack).some(
            (each) =>
              at(each, 'metric_name') === metric && at(each, 'dimensions', 'StateMachineArn') === dimension,
          );
        return [
          ...(isWatched(`RunsFailed-${name}`, undefined) ? [] : [`${machine.address} may fail in silence`]),
          ...['ExecutionsTimedOut', 'ExecutionsAborted']
            .filter((metric) => !isWatched(metric, ref(machine.address, 'arn')))
            .map((metric) => `${machine.address} has no alarm on ${metric}`),
        ];
      }),
    broken: [
      {
        how: 'the alarm of csv-map has gone',
        change: (stack) => remove(stack, 'aws_cloudwatch_metric_alarm.alarms_failed_runs_csv_map_comma'),
        says: [
          'aws_sfn_state_machine.csv_map_comma_machine may fail in silence',
          'aws_sfn_state_machine.csv_map_comma_machine has no alarm on ExecutionsTimedOut',
          'aws_sfn_state_machine.csv_map_comma_machine has no alarm on ExecutionsAborted',
        ],
      },
    ],
  },
  {
    intent: 'a failed run is counted, and a failed child of a Map is not counted as one',
    violations: (stack) =>
      resources(stack, 'aws_cloudwatch_log_metric_filter')
        .filter(({ body }) => String(body.pattern).includes('"ExecutionFailed"'))
        .filter(({ body }) => !String(body.pattern).includes(' $.execution_arn != "*/*" '))
        .map(({ address }) => `${address} counts children as runs`),
    broken: [
      {
        how: 'the filter takes whatever fails',
        change: (stack) => {
          const body = bodyOf(stack, 'aws_cloudwatch_log_metric_filter.failed_runs_count_csv_map_comma');
          body.pattern = '{ $.type = "ExecutionFailed" }';
        },
        says: ['aws_cloudwatch_log_metric_filter.failed_runs_count_csv_map_comma counts children as runs'],
      },
    ],
  },
  {
    intent: 'children of every Map are watched for failing, and before so many have that the Map does',
    violations: (stack) =>
      resources(stack, 'aws_sfn_state_machine').flatMap(({ address, body }) =>
        distributedMaps(body.definition).flatMap(({ Label, ToleratedFailurePercentage: tolerated }) => {
          const children = `${ref(address, 'arn')}/${Label}`;
          const watching = metricAlarms(stack).filter((alarm) =>
            metricsOf(alarm).some(
              (metric) =>
                at(metric, 'metric_name') === 'ExecutionsFailed' &&
                at(metric, 'dimensions', 'StateMachineArn') === children,
            ),
          );
          const thresholds = watching.map((alarm) => Number(alarm.body.threshold));
          const early = thresholds.filter((threshold) => threshold > 0 && threshold < tolerated);
          return [
            ...(thresholds.includes(0) ? [] : [`${address} may lose children of ${Label} in silence`]),
            ...(tolerated === 0 || early.length > 0
              ? []
              : [`${address} fails at ${tolerated} %, of which nobody is warned`]),
          ];
        }),
      ),
    broken: [
      {
        how: 'nobody looks at the children',
        change: (stack) => {
          remove(stack, 'aws_cloudwatch_metric_alarm.alarms_failed_batches_csv_map_comma');
        },
        says: ['aws_sfn_state_machine.csv_map_comma_machine may lose children of ProcessCsvRows in silence'],
      },
      {
        how: 'the alarm comes when it is too late',
        change: (stack) => {
          bodyOf(stack, 'aws_cloudwatch_metric_alarm.alarms_failure_tolerance_csv_map_comma').threshold = 5;
        },
        says: ['aws_sfn_state_machine.csv_map_comma_machine fails at 5 %, of which nobody is warned'],
      },
      {
        how: 'the Map gets another label, and its children count under another name',
        change: (stack) =>
          rewrite(stack, 'aws_sfn_state_machine.csv_map_comma_machine', 'definition', (definition) => {
            const map = at(definition, 'States', 'ProcessCsvRows');
            if (typeof map === 'object') Object.assign(map ?? {}, { Label: 'Rows' });
          }),
        says: [
          'aws_sfn_state_machine.csv_map_comma_machine may lose children of Rows in silence',
          'aws_sfn_state_machine.csv_map_comma_machine fails at 5 %, of which nobody is warned',
        ],
      },
    ],
  },
];
