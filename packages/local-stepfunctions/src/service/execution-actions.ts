import type { HistoryEvent } from '../history.ts';
import { action, type ServiceState } from './action.ts';
import type { ExecutionRecord } from './executions.ts';
import { type Action, epochSeconds } from './json-protocol.ts';
import { pageOf } from './pages.ts';
import * as requests from './requests.ts';
import { ServiceError } from './service-error.ts';

export function executionActions({ machines, executions }: ServiceState): Record<string, Action> {
  return {
    StartExecution: action(requests.startExecution, ({ stateMachineArn, name, input }) => {
      const record = executions.start(machines.getActive(stateMachineArn), name, input);
      return { executionArn: record.arn, startDate: epochSeconds(record.startDate) };
    }),

    StartSyncExecution: action(
      requests.startSyncExecution,
      async ({ stateMachineArn, name, input, includedData }) => {
        const machine = machines.getActive(stateMachineArn);
        if (machine.type !== 'EXPRESS') throw unsupportedType();
        const record = executions.start(machine, name, input);
        const { status, stopDate } = await record.ended;
        return {
          executionArn: record.arn,
          stateMachineArn: machine.arn,
          name: record.name,
          startDate: epochSeconds(record.startDate),
          stopDate: epochSeconds(stopDate),
          // The action knows no ABORTED: only the end of the service stops such an execution.
          status: status === 'ABORTED' ? 'FAILED' : status,
          ...dataOf(record, includedData),
          billingDetails: { billedDurationInMilliseconds: 0, billedMemoryUsedInMB: 0 },
        };
      },
    ),

    DescribeExecution: action(requests.describeExecution, ({ executionArn, includedData }) => {
      const record = executions.get(executionArn);
      return {
        executionArn: record.arn,
        stateMachineArn: record.stateMachine.arn,
        name: record.name,
        ...timesOf(record),
        ...dataOf(record, includedData),
        redriveCount: 0,
        redriveStatus: 'NOT_REDRIVABLE',
        redriveStatusReason: 'This service does not redrive executions',
      };
    }),

    ListExecutions: action(requests.listExecutions, (request) => {
      const { stateMachineArn, statusFilter, mapRunArn, redriveFilter } = request;
      if ((stateMachineArn === undefined) === (mapRunArn === undefined)) {
        throw new ServiceError('ValidationException', 'Give one of stateMachineArn and mapRunArn');
      }
      if (stateMachineArn === undefined) {
        throw new ServiceError('ResourceNotFound', `Resource not found: '${mapRunArn}'`);
      }
      const machine = machines.get(stateMachineArn);
      if (machine.type === 'EXPRESS') throw unsupportedType();
      const { page, nextToken } = pageOf(
        {
          items: executions
            .of(machine)
            .filter((record) => statusFilter === undefined || statusOf(record) === statusFilter)
            .reverse(),
          position: (record) => record.position,
          descending: true,
          of: ['ListExecutions', stateMachineArn, statusFilter, redriveFilter],
        },
        request,
      );
      return {
        executions: page.map((record) => ({
          executionArn: record.arn,
          stateMachineArn: record.stateMachine.arn,
          name: record.name,
          ...timesOf(record),
        })),
        nextToken,
      };
    }),

    GetExecutionHistory: action(requests.getExecutionHistory, (request) => {
      const { executionArn, reverseOrder, includeExecutionData } = request;
      const events = executions.get(executionArn).execution.history();
      const { page, nextToken } = pageOf(
        {
          items: reverseOrder ? events.reverse() : events,
          position: (event) => event.id,
          descending: reverseOrder,
          of: ['GetExecutionHistory', executionArn, reverseOrder],
        },
        request,
      );
      return { events: page.map((event) => wireEvent(event, includeExecutionData)), nextToken };
    }),

    StopExecution: action(requests.stopExecution, async ({ executionArn, error, cause }) => {
      const record = executions.get(executionArn);
      record.execution.stop(error, cause);
      const { stopDate } = await record.ended;
      return { stopDate: epochSeconds(stopDate) };
    }),
  };
}

function unsupportedType(): ServiceError {
  return new ServiceError(
    'StateMachineTypeNotSupported',
    'This operation is not supported by this type of state machine',
  );
}

function statusOf({ result }: ExecutionRecord): string {
  return result?.status ?? 'RUNNING';
}

function timesOf(record: ExecutionRecord): object {
  const { startDate, result } = record;
  return {
    status: statusOf(record),
    startDate: epochSeconds(startDate),
    ...(result === undefined ? {} : { stopDate: epochSeconds(result.stopDate) }),
  };
}

/** Input, output and failure; METADATA_ONLY leaves out the data. */
function dataOf({ input, result }: ExecutionRecord, includedData: 'ALL_DATA' | 'METADATA_ONLY'): object {
  const included = includedData === 'ALL_DATA';
  const failure = { error: result?.error, cause: result?.cause };
  if (!included) return failure;
  return {
    ...failure,
    input,
    inputDetails: { included },
    ...(result?.status === 'SUCCEEDED'
      ? { output: JSON.stringify(result.output), outputDetails: { included } }
      : {}),
  };
}

/** "Whether execution data (input or output of a history event) is returned." */
const DATA_FIELDS: readonly string[] = ['input', 'inputDetails', 'output', 'outputDetails'];

function wireEvent(event: HistoryEvent, includeExecutionData: boolean): object {
  const { timestamp, ...rest } = event;
  const members = Object.entries(rest).map(([name, details]) =>
    includeExecutionData || typeof details !== 'object'
      ? [name, details]
      : [name, Object.fromEntries(Object.entries(details).filter(([field]) => !DATA_FIELDS.includes(field)))],
  );
  return { timestamp: epochSeconds(timestamp), ...Object.fromEntries(members) };
}
