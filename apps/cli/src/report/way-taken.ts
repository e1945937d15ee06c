import type { HistoryEvent } from '@sluice/local-stepfunctions';
import type { DrawnStateMachine } from './report-input.ts';

/** One stay in a state. */
export interface Visit {
  readonly state: string;
  /** Null if the execution ended in the midst of it. */
  readonly milliseconds: number | null;
  /** How often the task was tried; 0 for a state that is no task. */
  readonly attempts: number;
  /** The error that the last attempt ended with, caught or not. */
  readonly error: string | null;
}

const failureOf = (event: HistoryEvent): string | null => {
  const details = event.taskFailedEventDetails ?? event.taskTimedOutEventDetails;
  return details === undefined ? null : (details.error ?? 'an error without a name');
};

/** The states that an execution went through, in order; those inside a Map or a Parallel are left out. */
export const wayTaken = (
  definition: DrawnStateMachine,
  history: readonly HistoryEvent[],
): readonly Visit[] => {
  const visits: {
    state: string;
    entered: number;
    milliseconds: number | null;
    attempts: number;
    error: string | null;
  }[] = [];
  for (const event of history) {
    const time = event.timestamp.getTime();
    const { stateEnteredEventDetails: entry, stateExitedEventDetails: exit } = event;
    const visit = visits.at(-1);
    if (entry !== undefined && Object.hasOwn(definition.States, entry.name)) {
      visits.push({ state: entry.name, entered: time, milliseconds: null, attempts: 0, error: null });
    } else if (visit === undefined) {
    } else if (
      exit?.name === visit.state ||
      (event.type === 'ExecutionFailed' && visit.milliseconds === null)
    ) {
      visit.milliseconds = time - visit.entered;
    } else if (definition.States[visit.state]?.Type === 'Task') {
      if (event.type === 'TaskScheduled') {
        visit.attempts += 1;
        visit.error = null;
      }
      visit.error = failureOf(event) ?? visit.error;
    }
  }
  return visits.map(({ entered: _, ...visit }) => visit);
};

/** From the first event to the last one. */
export const totalMilliseconds = (history: readonly HistoryEvent[]): number | null => {
  const [first, last] = [history[0], history.at(-1)];
  return first && last ? last.timestamp.getTime() - first.timestamp.getTime() : null;
};
