import type { z } from 'zod';
import type { Clock } from '../clock.ts';
import type { HistoryEvent } from '../history.ts';
import type { TaskHandlers } from '../task-handler.ts';
import { checkDefinition } from './diagnostics.ts';
import type { ExecutionRecord, Executions } from './executions.ts';
import { type Action, epochSeconds } from './json-protocol.ts';
import { pageOf } from './pages.ts';
import * as requests from './requests.ts';
import { ServiceError } from './service-error.ts';
import type { RegisteredMachine, StateMachines } from './state-machines.ts';
import type { TaskTokens } from './task-tokens.ts';
import { testState } from './test-state.ts';

export interface ServiceState {
  readonly machines: StateMachines;
  readonly executions: Executions;
  readonly tokens: TaskTokens;
  /** As the executions have them: with those that wait for a task token. */
  readonly handlers: TaskHandlers;
  readonly clock: Clock;
  /** Aborted when the service stops. */
  readonly signal: AbortSignal;
}

function action<Schema extends z.ZodType>(
  schema: Schema,
  perform: (request: z.output<Schema>) => object | Promise<object>,
): Action {
  return (body) => perform(requests.parseRequest(schema, body));
}

/** The actions of Step Functions that are here, by name. */
export function createActions(state: ServiceState): Readonly<Record<string, Action>> {
  return {
    ...stateMachineActions(state),
    ...executionActions(state),
    ...taskActions(state),
    ...definitionActions(state),
    ...tagActions(state),
  };
}

function stateMachineActions({ machines, executions }: ServiceState): Record<string, Action> {
  return {
    CreateStateMachine: action(requests.createStateMachine, (request) => {
      refuseVersions(request);
      const machine = machines.create(request, new Map(request.tags.map(({ key, value }) => [key, value])));
      return { stateMachineArn: machine.arn, creationDate: epochSeconds(machine.creationDate) };
    }),

    UpdateStateMachine: action(requests.updateStateMachine, (request) => {
      refuseVersions(request);
      const { updateDate, revisionId } = machines.update(request.stateMachineArn, request);
      return { updateDate: epochSeconds(updateDate), revisionId };
    }),

    DeleteStateMachine: action(requests.ofStateMachine, ({ stateMachineArn }) => {
      const machine = machines.find(stateMachineArn);
      if (machine === undefined || machine.deleting) return {};
      machine.deleting = true;
      void executions.stopAll(machine).then(() => {
        executions.forget(machine);
        machines.remove(machine);
      });
      return {};
    }),

    DescribeStateMachine: action(requests.describeStateMachine, ({ stateMachineArn, includedData }) => {
      const machine = machines.get(stateMachineArn);
      const { definition, roleArn, revisionId, configuration } = machine.revision;
      return {
        stateMachineArn: machine.arn,
        name: machine.name,
        status: machine.deleting ? 'DELETING' : 'ACTIVE',
        definition: includedData === 'ALL_DATA' ? definition : '{}',
        roleArn,
        type: machine.type,
        creationDate: epochSeconds(machine.creationDate),
        revisionId,
        ...configuration,
      };
    }),

    DescribeStateMachineForExecution: action(requests.describeExecution, ({ executionArn, includedData }) => {
      const { stateMachine, revision } = executions.get(executionArn);
      return {
        stateMachineArn: stateMachine.arn,
        name: stateMachine.name,
        definition: includedData === 'ALL_DATA' ? revision.definition : '{}',
        roleArn: revision.roleArn,
        updateDate: epochSeconds(revision.updateDate),
        revisionId: revision.revisionId,
        ...revision.configuration,
      };
    }),

    ListStateMachines: action(requests.listStateMachines, (request) => {
      const { page, nextToken } = pageOf(
        { items: machines.all(), position: (machine) => machine.position, of: ['ListStateMachines'] },
        request,
      );
      return {
        stateMachines: page.map((machine) => ({
          stateMachineArn: machine.arn,
          name: machine.name,
          type: machine.type,
          creationDate: epochSeconds(machine.creationDate),
        })),
        nextToken,
      };
    }),
  };
}

/** There are no versions here: a client that asks for one is told so. */
function refuseVersions(request: {
  readonly publish: boolean;
  readonly versionDescription?: string | undefined;
}) {
  if (!request.publish && request.versionDescription === undefined) return;
  throw new ServiceError('ValidationException', 'This service keeps no versions of state machines');
}

function executionActions({ machines, executions }: ServiceState): Record<string, Action> {
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

function taskActions({ tokens }: ServiceState): Record<string, Action> {
  return {
    SendTaskSuccess: action(requests.sendTaskSuccess, ({ taskToken, output }) => {
      tokens.succeed(taskToken, output);
      return {};
    }),
    SendTaskFailure: action(requests.sendTaskFailure, ({ taskToken, error, cause }) => {
      tokens.fail(taskToken, error, cause);
      return {};
    }),
    SendTaskHeartbeat: action(requests.sendTaskHeartbeat, ({ taskToken }) => {
      tokens.heartbeat(taskToken);
      return {};
    }),
  };
}

const MAX_DIAGNOSTICS = 100;

function definitionActions({ handlers, clock, signal }: ServiceState): Record<string, Action> {
  return {
    ValidateStateMachineDefinition: action(
      requests.validateStateMachineDefinition,
      ({ definition, type, maxResults }) => {
        const { diagnostics = [] } = checkDefinition(definition, type, handlers);
        const shown = diagnostics.slice(0, maxResults === 0 ? MAX_DIAGNOSTICS : maxResults);
        return {
          result: diagnostics.length === 0 ? 'OK' : 'FAIL',
          diagnostics: shown,
          truncated: shown.length < diagnostics.length,
        };
      },
    ),
    TestState: action(requests.testState, (request) => testState(request, { handlers, clock, signal })),
  };
}

function tagActions({ machines }: ServiceState): Record<string, Action> {
  const tagsOf = (arn: string): RegisteredMachine['tags'] => {
    const machine = machines.find(arn);
    if (machine === undefined) throw new ServiceError('ResourceNotFound', `Resource not found: '${arn}'`);
    return machine.tags;
  };
  return {
    TagResource: action(requests.tagResource, ({ resourceArn, tags }) => {
      const existing = tagsOf(resourceArn);
      const keys = new Set([...existing.keys(), ...tags.map(({ key }) => key)]);
      if (keys.size > requests.TAG_LIMIT) {
        throw new ServiceError('TooManyTags', `A resource has at most ${requests.TAG_LIMIT} tags`);
      }
      for (const { key, value } of tags) existing.set(key, value);
      return {};
    }),
    UntagResource: action(requests.untagResource, ({ resourceArn, tagKeys }) => {
      const existing = tagsOf(resourceArn);
      for (const key of tagKeys) existing.delete(key);
      return {};
    }),
    ListTagsForResource: action(requests.listTagsForResource, ({ resourceArn }) => ({
      tags: [...tagsOf(resourceArn)].map(([key, value]) => ({ key, value })),
    })),
  };
}
