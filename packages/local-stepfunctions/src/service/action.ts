import type { z } from 'zod';
import type { Clock } from '../clock.ts';
import type { TaskHandlers } from '../task-handler.ts';
import type { Executions } from './executions.ts';
import type { Action } from './json-protocol.ts';
import { parseRequest } from './requests.ts';
import type { StateMachines } from './state-machines.ts';
import type { TaskTokens } from './task-tokens.ts';

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

/** An action whose request is parsed first. */
export function action<Schema extends z.ZodType>(
  schema: Schema,
  perform: (request: z.output<Schema>) => object | Promise<object>,
): Action {
  return (body) => perform(parseRequest(schema, body));
}
