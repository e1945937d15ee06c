import type { ExecutionJournal } from './journal.ts';
import { replay } from './replay.ts';

/** How far an execution has come, as its journal tells. */
export interface JournalledExecution {
  readonly name: string;
  /** Undefined if it is still running, or was cut off with its process. */
  readonly status: 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED' | undefined;
  /** How often it was redriven. */
  readonly redriveCount: number;
  /** The state that a redrive would go on with; undefined if none was entered. */
  readonly state: string | undefined;
  /** Children of the Map Run that this state is in the midst of, which a redrive would not run again. */
  readonly childrenDone: number;
}

/** Undefined if the journal is empty. */
export async function readJournal(journal: ExecutionJournal): Promise<JournalledExecution | undefined> {
  const former = await replay(journal);
  if (former === undefined) return undefined;
  const { name, status, redriveCount, root } = former;
  return {
    name,
    status,
    redriveCount,
    state: root.entered?.state,
    childrenDone: root.mapRun?.succeededCount ?? 0,
  };
}
