import { EvaluationError } from '../errors.ts';
import type { Json } from '../json.ts';
import { resolve } from '../scope.ts';
import type { WaitState } from '../state-machine.ts';
import { parseTimestamp } from '../timestamp.ts';
import { integerOf, selectInput, selectOutput } from './data-flow.ts';
import type { Branch, Outcome, Run, StateRun } from './run.ts';

/** Longest Wait that AWS accepts of a SecondsPath: that of Seconds. */
const MAX_SECONDS = 99_999_999;

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
  if (until.kind === 'seconds') {
    const seconds = integerOf('Seconds', until.seconds, 0, scope) ?? 0;
    if (seconds > MAX_SECONDS) throw new EvaluationError('States.Runtime', 'Wait state delay is too long.');
    return seconds * 1_000;
  }
  const { timestamp } = until;
  const text = typeof timestamp === 'string' ? timestamp : resolve(timestamp, scope);
  const instant = typeof text === 'string' ? parseTimestamp(text) : undefined;
  if (instant === undefined) {
    const source = typeof timestamp === 'string' ? 'Timestamp' : timestamp.source;
    const shown = typeof text === 'string' ? text : JSON.stringify(text);
    throw new EvaluationError(
      'States.Runtime',
      `The TimestampPath parameter does not reference a valid ISO-8601 extended offset date-time format string: ${source} == ${shown}`,
    );
  }
  // A fraction of a millisecond waits for the whole one.
  return Math.max(0, Number((instant + 999_999n) / 1_000_000n) - now);
}
