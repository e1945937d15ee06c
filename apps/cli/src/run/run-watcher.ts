import type { HistoryEvent, MapRun } from '@sluice/local-stepfunctions';
import type { FailedBatchLetter } from '@sluice/record-failed-rows/record-failed-rows';
import type { RunInput } from '@sluice/step-contracts';
import type { SparkProgress } from '@sluice/transform-spark/run-program';

/** What happens during a run, for whoever watches. */
export interface RunWatcher {
  /** Another process has the same name of the same dataset in its hands. */
  readonly waiting: () => void;
  /** Bytes of the file that are in the raw zone. */
  readonly landing: (done: number, size: number) => void;
  /** `state`: where a redrive goes on, which enters no state anew. */
  readonly started: (run: RunInput, state?: string) => void;
  readonly event: (event: HistoryEvent) => void;
  /** How far the current pass of the engine over the object has come, between 0 and 1. */
  readonly progress: (fraction: number) => void;
  readonly sparkProgress: (progress: SparkProgress) => void;
  /** A line of Spark's own log, in which there may be values of the object. */
  readonly sparkLog: (line: string) => void;
  /** All is done with what was staged; it is cleared away, object by object. */
  readonly clearing: (done: number, total: number) => void;
  /** A Distributed Map sets out, or goes on. `bytesRead`: how much of the object its reader has read by now. */
  readonly mapRun: (mapRun: MapRun, bytesRead: () => number) => void;
  /** A batch failed for good; its rows are in quarantine. */
  readonly batchFailed: (letter: FailedBatchLetter) => void;
  readonly notified: (subject: string, message: string) => void;
}
