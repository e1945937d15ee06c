import type { HistoryEvent } from '@sluice/local-stepfunctions';
import type { Dataset } from '@sluice/record-schema';
import type { Manifest, QualityReport, RunInput } from '@sluice/step-contracts';
import type { ExecutionRecord } from '../lake/execution-record.ts';
import type { MapRunRecord } from '../lake/map-run-record.ts';

/** A run that broke before it was over: it has left no manifest. */
export interface FailedRun extends RunInput {
  readonly status: 'failed';
  /** As the execution ended: `PipelineFailed`. */
  readonly error: string;
  readonly cause: string;
  /** Null if the run broke before the object was scored. */
  readonly quality: QualityReport | null;
}

/** A state as far as it can be drawn; every state machine in the Amazon States Language fits. */
export interface DrawnState {
  readonly Type: string;
  readonly Comment?: string;
  readonly Next?: string;
  readonly Choices?: readonly { readonly Next: string }[];
  readonly Default?: string;
  readonly Catch?: readonly { readonly Next: string }[];
}

export interface DrawnStateMachine {
  readonly StartAt: string;
  readonly States: Readonly<Record<string, DrawnState>>;
}

/** A line of the run's quarantine file, as it is there: not masked. */
export interface QuarantinedRow {
  /** From 1, in the object. */
  readonly row: number;
  /** `field` is null for a malformed row. */
  readonly reasons: readonly { readonly field: string | null; readonly code: string }[];
  /** Cells by the name of their column in the source; null for a malformed row. */
  readonly record: Readonly<Record<string, string | null>> | null;
  /** Only of a malformed row. */
  readonly raw: string | null;
}

/** A command line that helps the reader on: `{ purpose: 'Look at the new rows', line: 'sluice query …' }` */
export interface NextCommand {
  readonly purpose: string;
  readonly line: string;
}

export interface ReportInput {
  /** Counts, quality, engine and files are taken from the manifest. */
  readonly run: Manifest | FailedRun;
  readonly dataset: Dataset;
  /** The definition that ran, and the events of its execution in order. */
  readonly definition: DrawnStateMachine;
  readonly history: readonly HistoryEvent[];
  /** Null if there was none: the workflow has no Distributed Map, or did not get to it. */
  readonly mapRun: MapRunRecord | null;
  /** Which one was chosen, and why; null where there was no choice. */
  readonly engine: ExecutionRecord['engine'];
  /** The last one; null if there was none. */
  readonly redrive: ExecutionRecord['redrive'];
  /** Some of the quarantined rows; the report masks them. */
  readonly examples: readonly QuarantinedRow[];
  readonly commands: readonly NextCommand[];
}
