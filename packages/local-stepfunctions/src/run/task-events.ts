import type { StateError } from '../errors.ts';
import {
  failureDetails,
  type HistoryEventDetails,
  type HistoryEventType,
  inputText,
  outputText,
  taskScheduled,
  taskSucceeded,
} from '../history.ts';
import type { Json } from '../json.ts';
import type { Resource } from '../state-machine.ts';

/** How long a task may take. */
export interface TimeLimits {
  readonly timeoutInSeconds?: number;
  readonly heartbeatInSeconds?: number;
}

/** An event without its place in the history. */
type Told = readonly [type: HistoryEventType, details: HistoryEventDetails];

/**
 * The events of a task, whose names and details AWS gives by what does it: a function called by its ARN, an
 * activity, or any other service.
 */
export interface TaskEvents {
  scheduled(input: Json, limits: TimeLimits): Told;
  started(): Told;
  succeeded(output: Json): Told;
  /** A timeout has an event of its own. */
  failed(error: StateError): Told;
}

export function taskEvents(resource: Resource, region: string): TaskEvents {
  switch (resource.kind) {
    case 'function':
      return functionEvents(resource.arn);
    case 'activity':
      return activityEvents(resource.arn);
    case 'integration':
      return integrationEvents(resource, region);
  }
}

function integrationEvents({ type, action }: Resource, region: string): TaskEvents {
  const named = { resourceType: type, resource: action };
  return {
    scheduled: (input, limits) => ['TaskScheduled', taskScheduled({ ...named, region }, input, limits)],
    started: () => ['TaskStarted', { taskStartedEventDetails: named }],
    succeeded: (output) => ['TaskSucceeded', taskSucceeded(named, output)],
    failed(error) {
      const failure = { ...named, ...failureDetails(error) };
      return isTimeout(error)
        ? ['TaskTimedOut', { taskTimedOutEventDetails: failure }]
        : ['TaskFailed', { taskFailedEventDetails: failure }];
    },
  };
}

function functionEvents(resource: string): TaskEvents {
  return {
    scheduled: (input, { timeoutInSeconds }) => [
      'LambdaFunctionScheduled',
      {
        lambdaFunctionScheduledEventDetails: inputText(input, {
          resource,
          ...(timeoutInSeconds === undefined ? {} : { timeoutInSeconds }),
        }),
      },
    ],
    started: () => ['LambdaFunctionStarted', {}],
    succeeded: (output) => [
      'LambdaFunctionSucceeded',
      { lambdaFunctionSucceededEventDetails: outputText(output) },
    ],
    failed: (error) =>
      isTimeout(error)
        ? ['LambdaFunctionTimedOut', { lambdaFunctionTimedOutEventDetails: failureDetails(error) }]
        : ['LambdaFunctionFailed', { lambdaFunctionFailedEventDetails: failureDetails(error) }],
  };
}

function activityEvents(resource: string): TaskEvents {
  return {
    scheduled: (input, limits) => [
      'ActivityScheduled',
      { activityScheduledEventDetails: inputText(input, { resource, ...limits }) },
    ],
    started: () => ['ActivityStarted', { activityStartedEventDetails: {} }],
    succeeded: (output) => ['ActivitySucceeded', { activitySucceededEventDetails: outputText(output) }],
    failed: (error) =>
      isTimeout(error)
        ? ['ActivityTimedOut', { activityTimedOutEventDetails: failureDetails(error) }]
        : ['ActivityFailed', { activityFailedEventDetails: failureDetails(error) }],
  };
}

function isTimeout({ error }: StateError): boolean {
  return error === 'States.Timeout';
}
