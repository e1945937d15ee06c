import { action, type ServiceState } from './action.ts';
import { checkDefinition } from './diagnostics.ts';
import { executionActions } from './execution-actions.ts';
import type { Action } from './json-protocol.ts';
import { mapRunActions } from './map-run-actions.ts';
import * as requests from './requests.ts';
import { ServiceError } from './service-error.ts';
import { stateMachineActions } from './state-machine-actions.ts';
import type { RegisteredMachine } from './state-machines.ts';
import { testState } from './test-state.ts';

/** The actions of Step Functions that are here, by name. */
export function createActions(state: ServiceState): Readonly<Record<string, Action>> {
  return {
    ...stateMachineActions(state),
    ...executionActions(state),
    ...mapRunActions(state),
    ...taskActions(state),
    ...definitionActions(state),
    ...tagActions(state),
  };
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
