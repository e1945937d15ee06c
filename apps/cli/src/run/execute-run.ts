import { failpoint } from '@sluice/lake-storage';
import {
  type HistoryEvent,
  loadDefinition,
  type ObjectStore,
  type RedriveOptions,
  redriveExecution,
  startExecution,
} from '@sluice/local-stepfunctions';
import type { Dataset } from '@sluice/record-schema';
import { keepObject } from '@sluice/record-transform';
import type { Manifest, RunInput } from '@sluice/step-contracts';
import type { StateMachine, WorkflowName } from '@sluice/workflows';
import { type Discovery, type ExecutionRecord, writeExecution } from '../lake/execution-record.ts';
import { readManifest } from '../lake/manifests.ts';
import type { Lake } from '../lake/open-lake.ts';
import type { RunJournal } from '../lake/run-journal.ts';
import { cleanAtExit, withScratch } from '../lake/scratch.ts';
import { duckdbOnly, type Engines } from './choose-engine.ts';
import { describeExecution, type FormerExecution } from './describe-execution.ts';
import { discoverObject } from './discover.ts';
import { judgePool } from './judge-pool.ts';
import { countFailedAttempts, countReads } from './observed.ts';
import type { RunWatcher } from './run-watcher.ts';
import { sparkStep } from './spark-step.ts';
import { type Steps, stepsOf } from './steps.ts';
import { taskHandlers } from './task-handlers.ts';

export interface ObjectRequest {
  readonly lake: Lake;
  readonly dataset: Dataset;
  /** The state machine that the object goes through. */
  readonly workflow: WorkflowName;
  /** Rows of a batch of `csv-map`, at most. */
  readonly batchRows?: number | undefined;
  /** What decides on the engine of `etl`. Default: DuckDB. */
  readonly engines?: Engines | undefined;
  /** The file that the object came from. */
  readonly file: string;
  readonly pseudonymKey?: string | undefined;
  readonly signal: AbortSignal;
  readonly watcher: RunWatcher;
  /** Default: the interpreter's own. A service that shows its executions has another. */
  readonly start?: typeof startExecution;
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
  request: ObjectRequest,
  beginning: Beginning,
  scratchDir: string,
): Promise<{ readonly execution: ExecutionRecord; readonly history: readonly HistoryEvent[] }> => {
  const { lake, dataset, workflow, signal, watcher, pseudonymKey, start = startExecution } = request;
  const { engines = duckdbOnly } = request;
  const { run, definition, journal, former } = beginning;
  const machine = loadDefinition(definition);
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
    onCleared: watcher.clearing,
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
    journal: journal.journal,
    objects: reads.store,
    signal,
    handlers: taskHandlers({
      steps,
      notify: watcher.notified,
      crawl: async () => {
        crawled.discovery = await discoverObject(lake.store, dataset, run.object, scratchDir);
      },
      runSpark: sparkStep({
        engines,
        lake,
        scratchDir,
        pseudonymKey,
        onProgress: watcher.sparkProgress,
        onLog: watcher.sparkLog,
      }),
    }),
    onMapRun: (mapRun) => watcher.mapRun(mapRun, reads.bytes),
    onEvent: (event) => {
      watcher.event(event);
      const { stateEnteredEventDetails: entered, stateExitedEventDetails: exited } = event;
      if (entered) failpoint(`state:${entered.name}:entered`);
      if (exited) failpoint(`state:${exited.name}:exited`);
    },
  };
  const startedAt = new Date();
  const started = former
    ? await redriveExecution(machine, surroundings)
    : start(machine, {
        ...surroundings,
        name: run.runId,
        stateMachineName: workflow,
        input: run,
      });
  const result = await started.result.finally(pool.close);
  if (result.status === 'ABORTED') {
    // DuckDB does not stop for a signal, so its session is left to the end of the process.
    cleanAtExit(lake);
    // It takes a moment only, and whoever waits for our lock must not meet it.
    await publishing.catch(() => undefined);
  } else {
    kept.close();
  }
  const execution = await describeExecution(
    { ...request, ...beginning },
    {
      started,
      result,
      startedAt,
      discovery: crawled.discovery,
      attempts: observed.attempts,
    },
  );
  return { execution, history: started.history() };
};

/** A folder keeps one version of an object, which the state machine calls as S3 does where it keeps none. */
const withoutVersions = (store: ObjectStore): ObjectStore => ({
  head: ({ bucket, key }) => store.head({ bucket, key }),
  read: ({ bucket, key }, options) => store.read({ bucket, key }, options),
  list: (bucket, prefix) => store.list(bucket, prefix),
  put: (at, body) => store.put(at, body),
});
