import { EvaluationError } from '../errors.ts';
import type { Json } from '../json.ts';
import { Query } from '../jsonata/query.ts';
import type { JsonPath } from '../jsonpath/syntax.ts';
import { MAX_WAIT_SECONDS } from '../number-field.ts';
import { lookUp, resolve, type Scope } from '../scope.ts';
import type { WaitState } from '../state-machine.ts';
import { parseTimestamp } from '../timestamp.ts';
import { computeVariables, selectInput, selectOutput } from './data-flow.ts';
import { computeInteger, computeOutput, computeText } from './jsonata.ts';
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
    const until = state.jsonata === undefined ? state.until : await computeUntil(state.until, stateRun);
    const ms = delayOf(until, run.clock.now(), stateRun.scopeOf(input));
    await branch.abort.race(run.clock.sleep(ms, branch.abort.signal));
    if (state.jsonata !== undefined) {
      return { ...(await computeOutput(state.jsonata, input, stateRun)), next: state.next };
    }
    const output = selectOutput(state, stateRun.input, input, stateRun);
    return { output, next: state.next, assigned: computeVariables(state.assign, input, stateRun) };
  } catch (error) {
    throw stateRun.located(error);
  }
}

/** A moment or duration whose expression has been computed. */
async function computeUntil(until: WaitState['until'], stateRun: StateRun): Promise<WaitState['until']> {
  if (until.kind === 'seconds') {
    const seconds = await computeInteger('Seconds', until.seconds, 0, stateRun, MAX_WAIT_SECONDS);
    return seconds === undefined ? until : { kind: 'seconds', seconds };
  }
  const { timestamp: query } = until;
  if (!(query instanceof Query)) return until;
  const timestamp = await computeText(query, stateRun.bindings());
  if (parseTimestamp(timestamp) !== undefined) return { kind: 'timestamp', timestamp };
  throw query.error(`returned '${timestamp}', which is no RFC 3339 timestamp.`);
}

function delayOf(until: WaitState['until'], now: number, scope: Scope): number {
  const ms =
    until.kind === 'seconds'
      ? secondsOf(until.seconds, scope) * 1_000
      : instantOf(until.timestamp, scope) - now;
  if (ms > LONGEST_WAIT * 1_000) throw runtimeError('Wait state delay is too long.');
  return Math.max(0, ms);
}

function secondsOf(seconds: number | JsonPath | Query, scope: Scope): number {
  if (typeof seconds === 'number') return seconds;
  if (seconds instanceof Query) throw new TypeError('Seconds has not been computed');
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
function instantOf(timestamp: string | JsonPath | Query, scope: Scope): number {
  if (timestamp instanceof Query) throw new TypeError('Timestamp has not been computed');
  const text = typeof timestamp === 'string' ? timestamp : resolve(timestamp, scope);
  const instant = typeof text === 'string' ? parseTimestamp(text) : undefined;
  if (instant === undefined) {
    const source = typeof timestamp === 'string' ? 'Timestamp' : timestamp.source;
    throw runtimeError(
      `The TimestampPath parameter does not reference a valid ISO-8601 extended offset date-time format string: ${source} == ${textOf(text)}`,
    );
  }
  // "Step Functions considers the time value up to seconds and truncates milliseconds."
  return Number(instant / 1_000_000_000n) * 1_000;
}

function textOf(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function runtimeError(cause: string): EvaluationError {
  return new EvaluationError('States.Runtime', cause);
}
