import { at, blocks, type Json, referencesIn, resources } from '../../src/stack-json.ts';
import { about, bodyOf, type Rule } from './rule.ts';

const group = 'aws_cloudwatch_log_group.functions_validate_object_logs';
const machine = 'aws_sfn_state_machine.workflow_machine';

const namesGroup = (value: Json | undefined): boolean =>
  referencesIn(value).some((address) => address.startsWith('aws_cloudwatch_log_group.'));

export const logRules: readonly Rule[] = [
  {
    intent: 'every log group forgets when its environment says so',
    violations: (stack, { retention, optIns }) => {
      const allowed = [retention.logDays, optIns.privateNetwork?.flowLogDays ?? retention.logDays];
      return resources(stack, 'aws_cloudwatch_log_group')
        .filter(({ body }) => !allowed.some((days) => days === body.retention_in_days))
        .map(({ address, body }) =>
          body.retention_in_days === undefined
            ? `${address} never forgets`
            : `${address} forgets after ${body.retention_in_days} days`,
        );
    },
    broken: [
      {
        how: 'no retention',
        change: (stack) => {
          delete bodyOf(stack, group).retention_in_days;
        },
        says: [`${group} never forgets`],
      },
      {
        how: "another environment's retention",
        change: (stack) => {
          bodyOf(stack, group).retention_in_days = 1;
        },
        says: [`${group} forgets after 1 days`],
      },
    ],
  },
  {
    intent: 'every log group is encrypted with a key of the stack',
    violations: (stack) =>
      resources(stack, 'aws_cloudwatch_log_group')
        .filter(({ body }) => !referencesIn(body.kms_key_id).some((each) => each.startsWith('aws_kms_key.')))
        .map(({ address }) => `${address} is under a key of AWS`),
    broken: [
      {
        how: 'no key',
        change: (stack) => {
          delete bodyOf(stack, group).kms_key_id;
        },
        says: [`${group} is under a key of AWS`],
      },
    ],
  },
  {
    intent: 'every state machine logs all that happens, and is traced',
    violations: (stack) =>
      resources(stack, 'aws_sfn_state_machine').flatMap(({ address, body }) => {
        const logging = body.logging_configuration;
        return [
          ...(at(logging, 'level') === 'ALL' ? [] : [`${address} logs ${at(logging, 'level') ?? 'nothing'}`]),
          ...(namesGroup(at(logging, 'log_destination')) ? [] : [`${address} logs to no group of the stack`]),
          ...(at(body, 'tracing_configuration', 'enabled') === true ? [] : [`${address} is not traced`]),
        ];
      }),
    broken: [
      {
        how: 'only errors are logged',
        change: (stack) => {
          const { logging_configuration } = bodyOf(stack, machine);
          bodyOf(stack, machine).logging_configuration = {
            log_destination: at(logging_configuration, 'log_destination') ?? null,
            level: 'ERROR',
          };
        },
        says: [`${machine} logs ERROR`],
      },
      {
        how: 'tracing is off',
        change: (stack) => {
          bodyOf(stack, machine).tracing_configuration = { enabled: false };
        },
        says: [`${machine} is not traced`],
      },
    ],
  },
  {
    intent: 'no state machine that hands out rows logs what it hands out',
    violations: (stack) =>
      resources(stack, 'aws_sfn_state_machine')
        .filter(({ body }) => String(body.definition).includes('"Mode":"DISTRIBUTED"'))
        .filter(({ body }) => at(body, 'logging_configuration', 'include_execution_data') !== false)
        .map(({ address }) => `${address} logs the rows of its batches`),
    broken: [
      {
        how: 'data is logged, too',
        change: (stack) => {
          const address = 'aws_sfn_state_machine.csv_map_comma_machine';
          Object.assign(blocks(bodyOf(stack, address).logging_configuration)[0] ?? {}, {
            include_execution_data: true,
          });
        },
        says: ['aws_sfn_state_machine.csv_map_comma_machine logs the rows of its batches'],
      },
    ],
  },
  {
    intent: 'every network records who talks to whom in it, in a group of the stack',
    violations: (stack) =>
      resources(stack, 'aws_vpc')
        .filter(
          (vpc) =>
            !about(stack, 'aws_flow_log', 'vpc_id', vpc).some(
              ({ body }) => body.traffic_type === 'ALL' && namesGroup(body.log_destination),
            ),
        )
        .map(({ address }) => `${address} records not who talks to whom`),
    broken: [
      {
        how: 'only what was refused is recorded',
        of: 'everything-on',
        change: (stack) => {
          bodyOf(stack, 'aws_flow_log.network_flows').traffic_type = 'REJECT';
        },
        says: ['aws_vpc.network_vpc records not who talks to whom'],
      },
    ],
  },
];
