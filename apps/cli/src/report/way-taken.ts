import type { HistoryEvent } from '@sluice/local-stepfunctions';
import type { DrawnStateMachine } from './report-input.ts';

/** What happened in one state, over all its visits. */
export interface Stay {
  readonly visits: number;
  readonly milliseconds: number;
  /** How often its task was tried; 0 if it is no task. */
  readonly attempts: number;
  /** The error of the last attempt, whether it was caught or not. */
  readonly error: string | null;
  /** The states that followed, each once. */
  readonly next: readonly string[];
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** The other types of states only decide, shape data or end. */
export const takesTime = (type: string | undefined): boolean =>
  !['Choice', 'Pass', 'Succeed', 'Fail'].includes(type ?? '');

/** Tasks inside a Map fail in its history, too; what counts for the Map is how its run ends. */
const failureOf = (event: HistoryEvent, isMap: boolean): string | null => {
  const details = isMap
    ? event.mapRunFailedEventDetails
    : (event.taskFailedEventDetails ?? event.taskTimedOutEventDetails);
  return details === undefined ? null : (details.error ?? 'an error without a name');
};

const isBrokenOff = ({ type }: HistoryEvent): boolean => /^Execution(Failed|Aborted|TimedOut)$/.test(type);

/**
 * The states that an execution went through, by name and in the order of their first visits. States inside a Map or a
 * Parallel are left out.
 */
export const wayTaken = (
  { States }: DrawnStateMachine,
  history: readonly HistoryEvent[],
): ReadonlyMap<string, Stay> => {
  const stays = new Map<string, Mutable<Stay>>();
  let here: { readonly name: string; since: number; readonly stay: Mutable<Stay> } | null = null;
  let before = 0;
  for (const event of history) {
    const time = event.timestamp.getTime();
    // Between the end of one process, which may have told nobody, and a redrive by another no state is at work.
    if (event.type === 'ExecutionRedriven' && here !== null) {
      here.stay.milliseconds += before - here.since;
      here.since = time;
    }
    before = time;
    const entered = event.stateEnteredEventDetails?.name;
    if (entered !== undefined && Object.hasOwn(States, entered)) {
      if (here && !here.stay.next.includes(entered)) here.stay.next = [...here.stay.next, entered];
      const stay = stays.get(entered) ?? { visits: 0, milliseconds: 0, attempts: 0, error: null, next: [] };
      stay.visits += 1;
      stays.set(entered, stay);
      here = { name: entered, since: time, stay };
    } else if (here !== null) {
      const { name, since, stay } = here;
      if (event.stateExitedEventDetails?.name === name || isBrokenOff(event)) {
        stay.milliseconds += time - since;
        here.since = time;
      }
      const type = States[name]?.Type;
      if (type !== 'Task' && type !== 'Map') continue;
      if (type === 'Task' && event.type === 'TaskScheduled') {
        stay.attempts += 1;
        stay.error = null;
      } else if (type === 'Map' && /^MapRun(Started|Redriven)$/.test(event.type)) {
        stay.error = null;
      }
      stay.error = failureOf(event, type === 'Map') ?? stay.error;
    }
  }
  return stays;
};

/** From the first event to the last one; null without events. */
export const totalMilliseconds = (history: readonly HistoryEvent[]): number | null => {
  const [first, last] = [history[0], history.at(-1)];
  return first && last ? last.timestamp.getTime() - first.timestamp.getTime() : null;
};
