import { EvaluationError } from '../errors.ts';
import type { Json } from '../json.ts';
import type { JsonPath } from '../jsonpath/syntax.ts';
import { lookUp, resolve, type Scope } from '../scope.ts';
import type { WaitState } from '../state-machine.ts';
import { parseTimestamp } from '../timestamp.ts';
import { selectInput, selectOutput } from './data-flow.ts';
import type { Branch, Outcome, Run, StateRun } from './run.ts';

/** Longest wait that the service takes, in seconds. */
const LONGEST_WAIT = 2 ** 31 - 1;

export async function waitFor(
  run: Run,
  branch: Branch,
  state: WaitState,
  stateRun: StateRun,
): Promise<Outcome> {
  try {
    const input = selectInput(state, stateRun.input, stateRun);
    const ms = delayOf(state, input, run.clock.now(), stateRun);
    await branch.abort.race(run.clock.sleep(ms, branch.abort.signal));
    return { output: selectOutput(state, stateRun.input, input, stateRun), next: state.next };
  } catch (error) {
    throw stateRun.located(error);
  }
}

function delayOf({ until }: WaitState, input: Json, now: number, stateRun: StateRun): number {
  const scope = stateRun.scopeOf(input);
  const ms =
    until.kind === 'seconds'
      ? secondsOf(until.seconds, scope) * 1_000
      : instantOf(until.timestamp, scope) - now;
  if (ms > LONGEST_WAIT * 1_000) throw runtimeError('Wait state delay is too long.');
  return Math.max(0, ms);
}

function secondsOf(seconds: number | JsonPath, scope: Scope): number {
  if (typeof seconds === 'number') return seconds;
  const value = lookUp(seconds, scope);
  const { source } = seconds;
  if (value === undefined) {
    throw runtimeError(`The SecondsPath parameter does not reference an input value: ${source}`);
  }
  if (typeof value !== 'number' || !Number.isInteger(value)) {
    throw runtimeError(
      `The SecondsPath parameter cannot be parsed as a long value: ${source} == ${textOf(value)}`,
    );
  }
  if (value < 0)
    throw runtimeError(`The SecondsPath parameter references a negative value: ${source} == ${value}`);
  return value;
}

/** Milliseconds since the epoch. */
function instantOf(timestamp: string | JsonPath, scope: Scope): number {
  const text = typeof timestamp === 'string' ? timestamp : resolve(timestamp, scope);
  const instant = typeof text === 'string' ? parseTimestamp(text) : undefined;
  if (instant === undefined) {
    const source = typeof timestamp === 'string' ? 'Timestamp' : timestamp.source;
    throw runtimeError(
      `The TimestampPath parameter does not reference a valid ISO-8601 extended offset date-time format string: ${source} == ${textOf(text)}`,
    );
  }
  // A fraction of a millisecond waits for the whole one.
  return Number((instant + 999_999n) / 1_000_000n);
}

function textOf(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function runtimeError(cause: string): EvaluationError {
  return new EvaluationError('States.Runtime', cause);
}
