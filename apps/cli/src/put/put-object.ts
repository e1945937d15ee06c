import type { RunInput } from '@sluice/step-contracts';
import type { LocalSource } from '../lake/land-file.ts';

/** A file that lies in the raw zone now. */
export interface PutObject {
  readonly source: LocalSource;
  readonly object: RunInput['object'];
  /** Where it lies, as a person would write it. */
  readonly shown: string;
  /** `unchanged`: the same bytes were there already. */
  readonly outcome: 'new' | 'replaced' | 'unchanged';
  readonly runId: string;
  /** Whether that run is over; null if nobody looked. */
  readonly isOver: boolean | null;
}

export interface Putting {
  readonly signal: AbortSignal;
  /** What is being done, and how many bytes of the file it has been done with. */
  readonly onBytes: (what: 'compared' | 'put', soFar: number) => void;
}
