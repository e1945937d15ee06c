import type { HistoryEvent } from '../history.ts';
import { action, type ServiceState } from './action.ts';
import { checkStatesArn } from './arns.ts';
import { type DescribedExecution, dataOf, describeChild, describeRecord } from './described-execution.ts';
import { type Action, epochSeconds } from './json-protocol.ts';
import { pageOf } from './pages.ts';
import * as requests from './requests.ts';
import { ServiceError } from './service-error.ts';

export function executionActions(state: ServiceState): Record<string, Action> {
  const { machines, executions } = state;
  return {
    StartExecution: action(requests.startExecution, ({ stateMachineArn, name, input }) => {
      const record = executions.start(machines.getActive(stateMachineArn), name, input);
      return { executionArn: record.arn, startDate: epochSeconds(record.startDate) };
    }),

    RedriveExecution: action(requests.redriveExecution, async ({ executionArn, clientToken }) => {
      const child = executions.child(executionArn);
      if (child !== undefined) throw onlyByMapRun(executionArn);
      const redriveDate = await executions.redrive(executions.get(executionArn), clientToken);
      return { redriveDate: epochSeconds(redriveDate) };
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
      const { summary, details } = described(state, executionArn);
      return { ...summary, ...details(includedData) };
    }),

    ListExecutions: action(requests.listExecutions, (request) => {
      const { stateMachineArn, statusFilter, mapRunArn, redriveFilter } = request;
      if (stateMachineArn !== undefined && mapRunArn !== undefined) {
        throw new ServiceError('ValidationException', 'Give one of stateMachineArn and mapRunArn');
      }
      if (statusFilter === 'PENDING_REDRIVE' && mapRunArn === undefined) {
        throw new ServiceError('ValidationException', 'PENDING_REDRIVE is for the executions of a mapRunArn');
      }
      const { page, nextToken } = pageOf(
        {
          items: listedExecutions(state, stateMachineArn, mapRunArn)
            .filter(({ summary }) => statusFilter === undefined || summary.status === statusFilter)
            .filter(({ summary }) => redriveFilter === undefined || redriveFilter === redrivenOf(summary))
            .reverse(),
          position: (item) => item.position,
          descending: true,
          of: ['ListExecutions', stateMachineArn, mapRunArn, statusFilter, redriveFilter],
        },
        request,
      );
      return { executions: page.map(({ summary }) => summary), nextToken };
    }),

    GetExecutionHistory: action(requests.getExecutionHistory, (request) => {
      const { executionArn, reverseOrder, includeExecutionData } = request;
      const child = executions.child(executionArn)?.child;
      const events = (child ?? executions.get(executionArn).execution).history();
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
      const child = executions.child(executionArn)?.child;
      if (child !== undefined) return { stopDate: epochSeconds(await child.stop(error, cause)) };
      const { stopDate } = await executions.get(executionArn).stop(error, cause);
      return { stopDate: epochSeconds(stopDate) };
    }),
  };
}

function onlyByMapRun(arn: string): ServiceError {
  return new ServiceError(
    'ExecutionNotRedrivable',
    `Execution Not Redrivable: '${arn} is redriven with its Map Run, by redriving its parent'`,
  );
}

function redrivenOf({ redriveCount }: { readonly redriveCount: number }): 'REDRIVEN' | 'NOT_REDRIVEN' {
  return redriveCount > 0 ? 'REDRIVEN' : 'NOT_REDRIVEN';
}

function unsupportedType(): ServiceError {
  return new ServiceError(
    'StateMachineTypeNotSupported',
    'This operation is not supported by this type of state machine',
  );
}

function described({ executions }: ServiceState, arn: string): DescribedExecution {
  const child = executions.child(arn);
  return child === undefined ? describeRecord(executions.get(standardArn(arn))) : describeChild(child);
}

/** Of Express executions only those are known that a Map Run started. */
function standardArn(arn: string): string {
  return checkStatesArn(arn, 'execution');
}

/** What ListExecutions is about, oldest first. */
function listedExecutions(
  { machines, executions }: ServiceState,
  stateMachineArn: string | undefined,
  mapRunArn: string | undefined,
): DescribedExecution[] {
  if (stateMachineArn !== undefined) {
    const machine = machines.get(stateMachineArn);
    if (machine.type === 'EXPRESS') throw unsupportedType();
    return executions.of(machine).map(describeRecord);
  }
  if (mapRunArn !== undefined) return executions.childrenOf(executions.mapRun(mapRunArn)).map(describeChild);
  throw new ServiceError('ValidationException', 'Give one of stateMachineArn and mapRunArn');
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
