import { datasets } from '@sluice/datasets';
import { arrivedName, embeddedZones } from '@sluice/lake-storage/zones';
import type { startExecution } from '@sluice/local-stepfunctions';
import { type Arrival, startPipeline } from '@sluice/start-pipeline/start-pipeline';
import type { RunInput } from '@sluice/step-contracts';
import type { ChosenWorkflow } from '@sluice/workflows';
import { readExecution } from '../lake/execution-record.ts';
import { readManifest } from '../lake/manifests.ts';
import type { Lake } from '../lake/open-lake.ts';
import { withRunLock } from '../lake/run-lock.ts';
import type { Engines } from '../run/choose-engine.ts';
import { runObject } from '../run/run-file.ts';
import { reportRun } from '../run/run-report.ts';
import type { RunView } from '../run/run-view.ts';
import type { RunWatcher } from '../run/run-watcher.ts';
import type { RawObject } from './raw-objects.ts';

interface ArrivalsOptions {
  readonly lake: Lake;
  readonly pseudonymKey: string | undefined;
  readonly engines: Engines;
  /** Starts the execution of a state machine of that name. */
  readonly startIn: (machine: string) => typeof startExecution;
  /** Its abort stops the run that is going on. */
  readonly signal: AbortSignal;
  readonly watcher: RunWatcher;
  readonly onArrival: (arrival: Arrival) => void;
  readonly onEnded: (view: RunView, seconds: number) => void;
  readonly onFault: (runId: string, error: unknown) => void;
}

/** What S3, the queue, start-pipeline and Step Functions are to the deployed lake. */
export interface Arrivals {
  /** An object is in the raw zone: starts its run, unless there is or was one. */
  readonly arrived: (object: RawObject) => Promise<void>;
  /** Runs that are waiting or going on. */
  readonly pending: () => number;
  /** Begins no other run; resolves when the one that is going on has ended. */
  readonly stop: () => Promise<void>;
}

/** The state machine of a chosen workflow. */
export const machineNameOf = (chosen: ChosenWorkflow): string =>
  chosen.workflow === 'etl' ? 'etl' : `csv-map-${chosen.delimiter.toLowerCase()}`;

/** Runs go one after the other, each with the whole machine, in the order of their arrival. */
export const runArrivals = (options: ArrivalsOptions): Arrivals => {
  const { lake, onArrival, onFault } = options;
  const waiting = new Set<string>();
  let last: Promise<void> = Promise.resolve();
  let stopped = false;

  const deps = {
    findDataset: (name: string) => datasets.get(name),
    // As `sluice run` chooses: this machine takes objects of any size through etl.
    lambdaMaxBytes: Number.POSITIVE_INFINITY,
    startExecution: async (run: RunInput, chosen: ChosenWorkflow) => {
      if (waiting.has(run.runId) || (await wasRun(lake, run))) return 'exists' as const;
      waiting.add(run.runId);
      last = last.then(async () => {
        try {
          if (!stopped) await runOne(options, run, chosen);
        } catch (error) {
          onFault(run.runId, error);
        } finally {
          waiting.delete(run.runId);
        }
      });
      return 'started' as const;
    },
    isElsewhere: async () => false,
  };
  return {
    arrived: async (object) => {
      const event = { Records: [{ messageId: object.key, body: notificationOf(object) }] };
      const { arrivals } = await startPipeline(event, deps);
      for (const arrival of arrivals) onArrival(arrival);
    },
    pending: () => waiting.size,
    stop: async () => {
      stopped = true;
      await last;
    },
  };
};

/** Published or refused; or failed, which is for a person to look at. What was stopped or killed runs anew. */
const wasRun = async (lake: Lake, { dataset, runId }: RunInput): Promise<boolean> => {
  if (await readManifest(lake.store, dataset, runId)) return true;
  const execution = await readExecution(lake.store, runId);
  return execution !== null && execution.status !== 'ABORTED';
};

const runOne = async (
  { lake, pseudonymKey, engines, startIn, signal, watcher, onEnded }: ArrivalsOptions,
  run: RunInput,
  chosen: ChosenWorkflow,
): Promise<void> => {
  const dataset = datasets.get(run.dataset);
  if (!dataset) throw new Error(`The run ${run.runId} was started for a dataset that is not there.`);
  const started = Date.now();
  const request = {
    lake,
    dataset,
    workflow: chosen.workflow,
    file: lake.shown(run.object),
    pseudonymKey,
    engines,
    signal,
    watcher,
    start: startIn(machineNameOf(chosen)),
  };
  const finished = await withRunLock(
    lake,
    dataset.name,
    arrivedName(run.object.key),
    { signal, onWait: watcher.waiting },
    () => runObject(request, run),
  );
  onEnded(await reportRun(lake, dataset, finished), (Date.now() - started) / 1000);
};

/** As S3 tells a queue of it, key and all. */
const notificationOf = ({ key, size, etag, lastModified }: RawObject): string =>
  JSON.stringify({
    Records: [
      {
        eventName: 'ObjectCreated:Put',
        eventTime: lastModified.toISOString(),
        s3: {
          bucket: { name: embeddedZones.raw },
          object: {
            key: encodeURIComponent(key).replaceAll('%2F', '/').replaceAll('%20', '+'),
            size,
            eTag: etag,
          },
        },
      },
    ],
  });
