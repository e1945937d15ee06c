import { StateError } from './errors.ts';
import type { Json, JsonObject } from './json.ts';

type StateKind = 'Task' | 'Choice' | 'Pass' | 'Wait' | 'Succeed' | 'Fail' | 'Parallel' | 'Map';

export type HistoryEventType =
  | `Execution${'Started' | 'Succeeded' | 'Failed' | 'TimedOut' | 'Aborted' | 'Redriven'}`
  | `${StateKind}StateEntered`
  | `${Exclude<StateKind, 'Fail'>}StateExited`
  | 'EvaluationFailed'
  | `${'Task' | 'LambdaFunction' | 'Activity'}${'Scheduled' | 'Started' | 'Succeeded' | 'Failed' | 'TimedOut'}`
  | `${'Map' | 'Parallel'}State${'Started' | 'Succeeded' | 'Failed'}`
  | `MapRun${'Started' | 'Succeeded' | 'Failed' | 'Aborted' | 'Redriven'}`
  | `MapIteration${'Started' | 'Succeeded' | 'Failed' | 'Aborted'}`
  | `${'Task' | 'Wait' | 'Map' | 'Parallel'}StateAborted`;

/** Payloads are JSON texts, as in AWS's GetExecutionHistory; nothing is ever cut. */
interface DataDetails {
  readonly truncated: false;
}

interface FailureDetails {
  readonly error?: string;
  readonly cause?: string;
}

interface ResourceDetails {
  readonly resourceType: string;
  readonly resource: string;
}

interface InputDetails {
  readonly input: string;
  readonly inputDetails: DataDetails;
}

interface OutputDetails {
  readonly output: string;
  readonly outputDetails: DataDetails;
}

interface IterationDetails {
  readonly name: string;
  readonly index: number;
}

export interface HistoryEventDetails {
  readonly executionStartedEventDetails?: {
    readonly input: string;
    readonly inputDetails: DataDetails;
    readonly roleArn: string;
  };
  readonly executionSucceededEventDetails?: { readonly output: string; readonly outputDetails: DataDetails };
  readonly executionFailedEventDetails?: FailureDetails;
  readonly executionAbortedEventDetails?: FailureDetails;
  readonly executionTimedOutEventDetails?: FailureDetails;
  readonly executionRedrivenEventDetails?: { readonly redriveCount: number };
  readonly stateEnteredEventDetails?: {
    readonly name: string;
    readonly input: string;
    readonly inputDetails: DataDetails;
  };
  readonly stateExitedEventDetails?: {
    readonly name: string;
    readonly output: string;
    readonly outputDetails: DataDetails;
    /** JSON texts by the variables' names. */
    readonly assignedVariables?: Readonly<Record<string, string>>;
    readonly assignedVariablesDetails?: DataDetails;
  };
  readonly evaluationFailedEventDetails?: FailureDetails & {
    readonly state: string;
    /** The field, like `Arguments/Payload`. */
    readonly location: string;
  };
  readonly taskScheduledEventDetails?: ResourceDetails & {
    readonly region: string;
    readonly parameters: string;
    readonly timeoutInSeconds?: number;
    readonly heartbeatInSeconds?: number;
  };
  readonly taskStartedEventDetails?: ResourceDetails;
  readonly taskSucceededEventDetails?: ResourceDetails & {
    readonly output: string;
    readonly outputDetails: DataDetails;
  };
  readonly taskFailedEventDetails?: ResourceDetails & FailureDetails;
  readonly taskTimedOutEventDetails?: ResourceDetails & FailureDetails;
  readonly lambdaFunctionScheduledEventDetails?: InputDetails & {
    /** The function's ARN. */
    readonly resource: string;
    readonly timeoutInSeconds?: number;
  };
  readonly lambdaFunctionSucceededEventDetails?: OutputDetails;
  readonly lambdaFunctionFailedEventDetails?: FailureDetails;
  readonly lambdaFunctionTimedOutEventDetails?: FailureDetails;
  readonly activityScheduledEventDetails?: InputDetails & {
    /** The activity's ARN. */
    readonly resource: string;
    readonly timeoutInSeconds?: number;
    readonly heartbeatInSeconds?: number;
  };
  readonly activityStartedEventDetails?: { readonly workerName?: string };
  readonly activitySucceededEventDetails?: OutputDetails;
  readonly activityFailedEventDetails?: FailureDetails;
  readonly activityTimedOutEventDetails?: FailureDetails;
  readonly mapStateStartedEventDetails?: { readonly length: number };
  readonly mapRunStartedEventDetails?: { readonly mapRunArn: string };
  readonly mapRunFailedEventDetails?: FailureDetails;
  readonly mapRunRedrivenEventDetails?: { readonly mapRunArn: string; readonly redriveCount: number };
  readonly mapIterationStartedEventDetails?: IterationDetails;
  readonly mapIterationSucceededEventDetails?: IterationDetails;
  readonly mapIterationFailedEventDetails?: IterationDetails;
  readonly mapIterationAbortedEventDetails?: IterationDetails;
}

/** An event of an execution in AWS's words and shape. */
export interface HistoryEvent extends HistoryEventDetails {
  readonly id: number;
  /** 0 if nothing came before in the same line of events. */
  readonly previousEventId: number;
  readonly timestamp: Date;
  readonly type: HistoryEventType;
}

/** Events that a Standard execution may have; the last is kept for how it ends. */
const MAX_EVENTS = 25_000;

interface Failure {
  readonly error: string | undefined;
  readonly cause: string | undefined;
}

const WHOLE: DataDetails = { truncated: false };
const DATA_IN = { inputDetails: WHOLE };
const DATA_OUT = { outputDetails: WHOLE };

function tooManyEvents(): StateError {
  return new StateError(
    'States.Runtime',
    `The execution reached the maximum number of history events (${MAX_EVENTS}).`,
  );
}

/** Takes the events of one execution. */
export interface EventLog {
  /** Gives the event's id. */
  add(type: HistoryEventType, previousEventId: number, details: HistoryEventDetails): number;
}

/** The events of one execution, in order. */
export class History implements EventLog {
  readonly events: HistoryEvent[];
  readonly #now: () => number;
  readonly #onEvent: ((event: HistoryEvent) => void) | undefined;
  #fault: { readonly error: unknown } | undefined;

  /** @param events those of before a redrive */
  constructor(
    now: () => number,
    onEvent: ((event: HistoryEvent) => void) | undefined,
    events: readonly HistoryEvent[] = [],
  ) {
    this.events = [...events];
    this.#now = now;
    this.#onEvent = onEvent;
  }

  /**
   * Records an event and gives its id. Throws `States.Runtime` when the history is full, and what `onEvent`
   * throws: nothing more is recorded from then on, whichever branch asks.
   */
  add(type: HistoryEventType, previousEventId: number, details: HistoryEventDetails): number {
    if (this.#fault !== undefined) throw this.#fault.error;
    const id = this.events.length + 1;
    if (id >= MAX_EVENTS && !type.startsWith('Execution')) {
      throw tooManyEvents();
    }
    const event = { id, previousEventId, timestamp: new Date(this.#now()), type, ...details };
    this.events.push(event);
    try {
      this.#onEvent?.(event);
    } catch (error) {
      this.#fault = { error };
      throw error;
    }
    return id;
  }
}

/** Stands in for a history that nobody can see: counts the events, and enforces their number. */
export class PlainCount implements EventLog {
  readonly #max: number;
  #count = 0;

  /** @param isLimited as a Standard execution's is, and an Express one's not */
  constructor(isLimited: boolean) {
    this.#max = isLimited ? MAX_EVENTS : Number.POSITIVE_INFINITY;
  }

  add(type: HistoryEventType): number {
    this.#count += 1;
    if (this.#count >= this.#max && !type.startsWith('Execution')) throw tooManyEvents();
    return this.#count;
  }
}

// The texts are made when somebody reads them: most events of a large run are never looked at.

export function entered(name: string, input: Json): HistoryEventDetails {
  return {
    stateEnteredEventDetails: {
      name,
      ...DATA_IN,
      get input() {
        return JSON.stringify(input);
      },
    },
  };
}

export function exited(name: string, output: Json, assigned?: JsonObject): HistoryEventDetails {
  if (assigned !== undefined) return exitedWithVariables(name, output, assigned);
  return {
    stateExitedEventDetails: {
      name,
      ...DATA_OUT,
      get output() {
        return JSON.stringify(output);
      },
    },
  };
}

function exitedWithVariables(name: string, output: Json, assigned: JsonObject): HistoryEventDetails {
  return {
    stateExitedEventDetails: {
      name,
      ...DATA_OUT,
      get output() {
        return JSON.stringify(output);
      },
      get assignedVariables() {
        return Object.fromEntries(
          Object.entries(assigned).map(([variable, value]) => [variable, JSON.stringify(value)]),
        );
      },
      assignedVariablesDetails: WHOLE,
    },
  };
}

export function executionStarted(input: Json, roleArn: string): HistoryEventDetails {
  return {
    executionStartedEventDetails: {
      roleArn,
      ...DATA_IN,
      get input() {
        return JSON.stringify(input);
      },
    },
  };
}

export function executionSucceeded(output: Json): HistoryEventDetails {
  return {
    executionSucceededEventDetails: {
      ...DATA_OUT,
      get output() {
        return JSON.stringify(output);
      },
    },
  };
}

export function taskScheduled(
  resource: ResourceDetails & { readonly region: string },
  parameters: Json,
  seconds: { readonly timeoutInSeconds?: number; readonly heartbeatInSeconds?: number },
): HistoryEventDetails {
  return {
    taskScheduledEventDetails: {
      ...resource,
      ...seconds,
      get parameters() {
        return JSON.stringify(parameters);
      },
    },
  };
}

export function taskSucceeded(resource: ResourceDetails, output: Json): HistoryEventDetails {
  return {
    taskSucceededEventDetails: {
      ...resource,
      ...DATA_OUT,
      get output() {
        return JSON.stringify(output);
      },
    },
  };
}

export function inputText<T extends object>(input: Json, details: T): T & InputDetails {
  return {
    ...details,
    ...DATA_IN,
    get input() {
      return JSON.stringify(input);
    },
  };
}

export function outputText(output: Json): OutputDetails {
  return {
    ...DATA_OUT,
    get output() {
      return JSON.stringify(output);
    },
  };
}

export function failureDetails(failure: Failure): FailureDetails {
  return {
    ...(failure.error === undefined ? {} : { error: failure.error }),
    ...(failure.cause === undefined ? {} : { cause: failure.cause }),
  };
}
