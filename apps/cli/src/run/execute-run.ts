import { failpoint } from '@sluice/lake-storage';
import {
  type Execution,
  type HistoryEvent,
  type JournalledExecution,
  loadDefinition,
  type ObjectStore,
  type RedriveOptions,
  redriveExecution,
  startExecution,
} from '@sluice/local-stepfunctions';
import type { Dataset } from '@sluice/record-schema';
import { keepObject } from '@sluice/record-transform';
import type { Manifest, RunInput } from '@sluice/step-contracts';
import type { StateMachine } from '@sluice/workflows';
import { type Discovery, type ExecutionRecord, writeExecution } from '../lake/execution-record.ts';
import { readManifest } from '../lake/manifests.ts';
import type { Lake } from '../lake/open-lake.ts';
import type { RunJournal } from '../lake/run-journal.ts';
import { cleanAtExit, withScratch } from '../lake/scratch.ts';
import { wayTaken } from '../report/way-taken.ts';
import { discoverObject } from './discover.ts';
import { LAMBDA_MAX_BYTES } from './etl-machine.ts';
import { judgePool } from './judge-pool.ts';
import { formerMapRunFacts, mapRunFacts } from './map-run-facts.ts';
import { countFailedAttempts, countReads } from './observed.ts';
import type { RunWatcher } from './run-watcher.ts';
import { type Steps, stepsOf } from './steps.ts';
import { taskHandlers } from './task-handlers.ts';

export const WORKFLOWS = ['etl', 'csv-map'] as const;
export type Workflow = (typeof WORKFLOWS)[number];

export interface ObjectRequest {
  readonly lake: Lake;
  readonly dataset: Dataset;
  /** The state machine that the object goes through. */
  readonly workflow: Workflow;
  /** The file that the object came from. */
  readonly file: string;
  readonly pseudonymKey?: string | undefined;
  readonly signal: AbortSignal;
  readonly watcher: RunWatcher;
}

export interface FinishedObject {
  readonly run: RunInput;
  readonly execution: ExecutionRecord;
  /** What the run left in the lake; null if it failed or was stopped. */
  readonly manifest: Manifest | null;
  readonly history: readonly HistoryEvent[];
  /** What was executed. */
  readonly definition: StateMachine;
}

/** What is executed: from its start, or from where an earlier process left it. */
export interface Beginning {
  readonly run: RunInput;
  readonly definition: StateMachine;
  readonly journal: RunJournal;
  /** Null for a start. */
  readonly former: FormerExecution | null;
}

export interface FormerExecution {
  readonly journalled: JournalledExecution;
  /** Null if it was killed. */
  readonly record: ExecutionRecord | null;
}

/**
 * Executes a run whose object is in the raw zone, for whoever holds its lock, and leaves its record. Once it is over
 * nothing can be redriven, and the journal goes.
 */
export const executeRun = async (request: ObjectRequest, beginning: Beginning): Promise<FinishedObject> => {
  const { lake, watcher } = request;
  const { run, definition, journal } = beginning;
  watcher.started(run, beginning.former?.journalled.state);
  try {
    const { execution, history } = await withScratch(lake, (scratchDir) =>
      execute(request, beginning, scratchDir),
    );
    await writeExecution(lake.store, execution);
    // Of a run that failed, a manifest would tell of an earlier execution.
    const over = isOver(execution);
    const manifest = over ? await readManifest(lake.store, run.dataset, run.runId) : null;
    if (over) await journal.remove();
    return { run, execution, manifest, history, definition };
  } finally {
    journal.close();
  }
};

const isOver = ({ status, failure }: ExecutionRecord): boolean =>
  status === 'SUCCEEDED' ||
  failure?.error === 'ValidationFailed' ||
  failure?.error === 'QualityBelowThreshold';

const execute = async (
  { lake, dataset, workflow, file, signal, watcher, pseudonymKey }: ObjectRequest,
  { run, definition, journal: { journal }, former }: Beginning,
  scratchDir: string,
): Promise<{ readonly execution: ExecutionRecord; readonly history: readonly HistoryEvent[] }> => {
  const crawled: { discovery: Discovery | null } = { discovery: null };
  const kept = keepObject();
  const pool = judgePool(pseudonymKey);
  const parts = stepsOf({
    judge: pool.judge,
    store: lake.store,
    scratchDir,
    pseudonymKey,
    // A step's own folder goes when the step is over.
    open: (opening, work) => kept.open({ ...opening, scratchDir }, work),
    onProgress: watcher.progress,
    onDeadLetter: watcher.batchFailed,
  });
  const observed = countFailedAttempts(parts);
  const reads = countReads(withoutVersions(lake.store), run.object);
  let publishing: Promise<unknown> = Promise.resolve();
  const steps: Steps = {
    ...observed.steps,
    publishRun: (payload) => {
      publishing = parts.publishRun(payload);
      return publishing;
    },
  };
  const surroundings: RedriveOptions = {
    journal,
    objects: reads.store,
    signal,
    handlers: taskHandlers({
      steps,
      notify: watcher.notified,
      crawl: async () => {
        crawled.discovery = await discoverObject(lake.store, dataset, run.object, scratchDir);
      },
    }),
    onMapRun: (mapRun) => watcher.mapRun(mapRun, reads.bytes),
    onEvent: (event) => {
      watcher.event(event);
      const { stateEnteredEventDetails: entered, stateExitedEventDetails: exited } = event;
      if (entered) failpoint(`state:${entered.name}:entered`);
      if (exited) failpoint(`state:${exited.name}:exited`);
    },
  };
  const machine = loadDefinition(definition);
  const startedAt = new Date();
  const started = former
    ? await redriveExecution(machine, surroundings)
    : startExecution(machine, {
        ...surroundings,
        name: run.runId,
        stateMachineName: workflow,
        input: run,
      });
  const result = await started.result;
  await pool.close();
  const history = started.history();
  if (result.status === 'ABORTED') {
    // DuckDB does not stop for a signal, so its session is left to the end of the process.
    cleanAtExit(lake);
    // It takes a moment only, and whoever waits for our lock must not meet it.
    await publishing.catch(() => undefined);
  } else {
    kept.close();
  }
  const mapRun = started.mapRuns().at(-1);
  const discovery = crawled.discovery ?? former?.record?.discovery ?? null;
  const failure = result.status === 'FAILED' || result.status === 'ABORTED' ? failureOf(result) : null;
  const execution: ExecutionRecord = {
    recordVersion: 1,
    workflow,
    ...run,
    source: file,
    startedAt: result.startDate.toISOString(),
    endedAt: result.stopDate.toISOString(),
    status: result.status,
    failure,
    states: [...wayTaken(definition, history)].map(([state, stay]) => ({
      state,
      ...stay,
      next: [...stay.next],
    })),
    discovery,
    mapRun: mapRun
      ? await mapRunFacts(lake.store, run.runId, mapRun, observed.attempts)
      : await formerMapRunFacts(lake.store, run.runId, history),
    redrive: former && redriveOf(started, former.journalled, startedAt),
    stands: standsFor(discovery !== null, workflow === 'etl' && run.object.size > LAMBDA_MAX_BYTES),
    events: history.map((event) => ({ ...event, timestamp: event.timestamp.toISOString() })),
  };
  return { execution, history };
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

/** A folder keeps one version of an object, which the state machine calls as S3 does where it keeps none. */
const withoutVersions = (store: ObjectStore): ObjectStore => ({
  head: ({ bucket, key }) => store.head({ bucket, key }),
  read: ({ bucket, key }, options) => store.read({ bucket, key }, options),
  list: (bucket, prefix) => store.list(bucket, prefix),
  put: (at, body) => store.put(at, body),
});

const failureOf = ({ error, cause }: { readonly error?: string; readonly cause?: string }) => ({
  ...(error === undefined ? {} : { error }),
  ...(cause === undefined ? {} : { cause }),
});

const standsFor = (crawled: boolean, large: boolean): string[] => [
  ...(crawled ? ["DuckDB's sniffer ran in the place of the Glue crawler."] : []),
  ...(large ? ['DuckDB ran in the place of the Spark job.'] : []),
];
