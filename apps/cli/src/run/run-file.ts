import { failpoint } from '@sluice/lake-storage';
import { runIdOf } from '@sluice/lake-storage/zones';
import {
  type HistoryEvent,
  loadDefinition,
  type MapRun,
  type ObjectStore,
  startExecution,
} from '@sluice/local-stepfunctions';
import type { FailedBatchLetter } from '@sluice/record-failed-rows/record-failed-rows';
import type { Dataset } from '@sluice/record-schema';
import { keepObject } from '@sluice/record-transform';
import type { Manifest, RunInput } from '@sluice/step-contracts';
import type { StateMachine } from '@sluice/workflows';
import { type Discovery, type ExecutionRecord, writeExecution } from '../lake/execution-record.ts';
import { checkSource, landFile } from '../lake/land-file.ts';
import { readManifest } from '../lake/manifests.ts';
import type { Lake } from '../lake/open-lake.ts';
import { withRunLock } from '../lake/run-lock.ts';
import { cleanAtExit, withScratch } from '../lake/scratch.ts';
import { wayTaken } from '../report/way-taken.ts';
import { csvDelimiterOf, csvMapMachine } from './csv-map-machine.ts';
import { discoverObject } from './discover.ts';
import { etlMachine, LAMBDA_MAX_BYTES } from './etl-machine.ts';
import { mapRunFacts } from './map-run-facts.ts';
import { countFailedAttempts, countReads } from './observed.ts';
import { type Steps, stepsOf } from './steps.ts';
import { taskHandlers } from './task-handlers.ts';

export const WORKFLOWS = ['etl', 'csv-map'] as const;
export type Workflow = (typeof WORKFLOWS)[number];

/** What happens during a run, for whoever watches. */
export interface RunWatcher {
  /** Another process has the same name of the same dataset in its hands. */
  readonly waiting: () => void;
  /** Bytes of the file that are in the raw zone. */
  readonly landing: (done: number, size: number) => void;
  readonly started: (run: RunInput) => void;
  readonly event: (event: HistoryEvent) => void;
  /** How far the current pass of the engine over the object has come, between 0 and 1. */
  readonly progress: (fraction: number) => void;
  /** A Distributed Map sets out, or goes on. `bytesRead`: how much of the object its reader has read by now. */
  readonly mapRun: (mapRun: MapRun, bytesRead: () => number) => void;
  /** A batch failed for good; its rows are in quarantine. */
  readonly batchFailed: (letter: FailedBatchLetter) => void;
  readonly notified: (subject: string, message: string) => void;
}

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

export interface RunRequest extends ObjectRequest {
  /** ISO 8601 in UTC. Default: that of the object's earlier run, else the time at which the object landed. */
  readonly asOf?: string | undefined;
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

export interface FinishedRun extends FinishedObject {
  /** The file was not in the raw zone yet. */
  readonly landed: boolean;
}

/**
 * Lands a file in the raw zone and takes it through a state machine, as an upload to S3 would go. Run again, it
 * leaves the same zones.
 *
 * @throws {CliError} if the file cannot be read, or not by that state machine
 */
export const runFile = async (request: RunRequest): Promise<FinishedRun> => {
  const { lake, dataset, signal, watcher } = request;
  const definition = definitionOf(request);
  const source = await checkSource(request.file);
  return withRunLock(lake, dataset.name, source.name, { signal, onWait: watcher.waiting }, async () => {
    const { object, landedAt, written } = await landFile(lake, dataset.name, source, signal, (done) =>
      watcher.landing(done, source.size),
    );
    failpoint('run:landed');
    const runId = runIdOf(dataset.name, object);
    const asOf =
      request.asOf ?? (await readManifest(lake.store, dataset.name, runId))?.asOf ?? landedAt.toISOString();
    const run: RunInput = { runId, dataset: dataset.name, asOf, object };
    return { ...(await executeRun(request, definition, run)), landed: written };
  });
};

/**
 * Takes an object of the raw zone through a state machine. Whoever calls it holds the run's lock.
 *
 * @throws {CliError} if that state machine cannot read the dataset's objects
 */
export const runObject = (request: ObjectRequest, run: RunInput): Promise<FinishedObject> =>
  executeRun(request, definitionOf(request), run);

const definitionOf = ({ workflow, dataset }: ObjectRequest): StateMachine =>
  workflow === 'etl' ? etlMachine : csvMapMachine(csvDelimiterOf(dataset));

const executeRun = async (
  request: ObjectRequest,
  definition: StateMachine,
  run: RunInput,
): Promise<FinishedObject> => {
  const { lake, watcher } = request;
  watcher.started(run);
  const { execution, history } = await withScratch(lake, (scratchDir) =>
    execute(request, definition, run, scratchDir),
  );
  await writeExecution(lake.store, execution);
  // Of a run that failed, a manifest would tell of an earlier execution.
  const manifest = isOver(execution) ? await readManifest(lake.store, run.dataset, run.runId) : null;
  return { run, execution, manifest, history, definition };
};

const isOver = ({ status, failure }: ExecutionRecord): boolean =>
  status === 'SUCCEEDED' ||
  failure?.error === 'ValidationFailed' ||
  failure?.error === 'QualityBelowThreshold';

const execute = async (
  { lake, dataset, workflow, file, signal, watcher, pseudonymKey }: ObjectRequest,
  definition: StateMachine,
  run: RunInput,
  scratchDir: string,
): Promise<{ readonly execution: ExecutionRecord; readonly history: readonly HistoryEvent[] }> => {
  const crawled: { discovery: Discovery | null } = { discovery: null };
  const kept = keepObject();
  const parts = stepsOf({
    store: lake.store,
    scratchDir,
    pseudonymKey,
    // A step's own folder goes when the step is over.
    open: (opening, work) => kept.open({ ...opening, scratchDir }, work),
    onProgress: ({ fraction }) => watcher.progress(fraction),
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
  const started = startExecution(loadDefinition(definition), {
    name: run.runId,
    stateMachineName: workflow,
    objects: reads.store,
    input: run,
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
  });
  const result = await started.result;
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
    discovery: crawled.discovery,
    mapRun: mapRun ? await mapRunFacts(lake.store, run.runId, mapRun, observed.attempts) : null,
    stands: standsFor(crawled.discovery !== null, workflow === 'etl' && run.object.size > LAMBDA_MAX_BYTES),
    events: history.map((event) => ({ ...event, timestamp: event.timestamp.toISOString() })),
  };
  return { execution, history };
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
