import type { Execution, ExecutionResult, JournalledExecution } from '@sluice/local-stepfunctions';
import type { RunInput } from '@sluice/step-contracts';
import type { StateMachine } from '@sluice/workflows';
import type { Discovery, ExecutionRecord } from '../lake/execution-record.ts';
import type { Lake } from '../lake/open-lake.ts';
import type { RunJournal } from '../lake/run-journal.ts';
import { wayTaken } from '../report/way-taken.ts';
import { type FailedAttempts, formerMapRunFacts, mapRunFacts } from './map-run-facts.ts';

export interface FormerExecution {
  readonly journalled: JournalledExecution;
  /** Null if it was killed. */
  readonly record: ExecutionRecord | null;
}

interface ExecutedRun {
  readonly lake: Lake;
  readonly workflow: ExecutionRecord['workflow'];
  /** The file that the object came from. */
  readonly file: string;
  readonly run: RunInput;
  readonly definition: StateMachine;
  readonly journal: Pick<RunJournal, 'header'>;
  /** Null if nothing was redriven. */
  readonly former: FormerExecution | null;
}

/** An execution that has ended, and what was seen beside it. */
interface EndedExecution {
  readonly started: Execution;
  readonly result: ExecutionResult;
  /** When this process set out; the result knows of the first one. */
  readonly startedAt: Date;
  readonly discovery: Discovery | null;
  readonly attempts: FailedAttempts;
}

/** What is kept of an execution. */
export const describeExecution = async (
  { lake, workflow, file, run, definition, journal, former }: ExecutedRun,
  { started, result, startedAt, discovery: discovered, attempts }: EndedExecution,
): Promise<ExecutionRecord> => {
  const history = started.history();
  const mapRun = started.mapRuns().at(-1);
  const discovery = discovered ?? former?.record?.discovery ?? null;
  const way = wayTaken(definition, history);
  return {
    recordVersion: 1,
    workflow,
    engine: journal.header.engine,
    ...run,
    source: file,
    startedAt: result.startDate.toISOString(),
    endedAt: result.stopDate.toISOString(),
    status: result.status,
    failure: result.status === 'FAILED' || result.status === 'ABORTED' ? failureOf(result) : null,
    states: [...way].map(([state, stay]) => ({
      state,
      ...stay,
      next: [...stay.next],
    })),
    discovery,
    mapRun: mapRun
      ? await mapRunFacts(lake.store, run.runId, mapRun, attempts)
      : await formerMapRunFacts(lake.store, run.runId, history),
    redrive: former && redriveOf(started, former.journalled, startedAt),
    stands: standsFor(discovery !== null, way.has('RunETLJob')),
    events: history.map((event) => ({ ...event, timestamp: event.timestamp.toISOString() })),
  };
};

/** What a redrive did, and did not do again. */
const redriveOf = (
  { redriveCount, mapRuns }: Execution,
  { state, childrenDone }: JournalledExecution,
  startedAt: Date,
): NonNullable<ExecutionRecord['redrive']> => {
  const mapRun = mapRuns().find(({ stateName }) => stateName === state);
  const { total = 0, pending = 0 } = mapRun?.describe().executionCounts ?? {};
  return {
    count: redriveCount,
    startedAt: startedAt.toISOString(),
    state: state ?? null,
    batches: mapRun ? { total, doneBefore: childrenDone, ranAgain: total - pending - childrenDone } : null,
  };
};

const failureOf = ({ error, cause }: { readonly error?: string; readonly cause?: string }) => ({
  ...(error === undefined ? {} : { error }),
  ...(cause === undefined ? {} : { cause }),
});

const standsFor = (crawled: boolean, sparked: boolean): string[] => [
  ...(crawled ? ["DuckDB's sniffer ran in the place of the Glue crawler."] : []),
  ...(sparked ? ['Spark on this machine ran in the place of the Glue job.'] : []),
];
