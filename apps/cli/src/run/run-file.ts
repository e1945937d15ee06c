import { failpoint } from '@sluice/lake-storage';
import { embeddedZones, runIdOf } from '@sluice/lake-storage/zones';
import { hasTable } from '@sluice/record-schema';
import type { RunInput } from '@sluice/step-contracts';
import type { StateMachine } from '@sluice/workflows';
import { CliError } from '../cli-error.ts';
import type { ChosenEngine } from '../lake/execution-record.ts';
import { checkSource, landFile } from '../lake/land-file.ts';
import { readManifest } from '../lake/manifests.ts';
import { createJournal } from '../lake/run-journal.ts';
import { withRunLock } from '../lake/run-lock.ts';
import { currentObject } from '../quarantine/mended-objects.ts';
import { chooseEngine, duckdbOnly } from './choose-engine.ts';
import { csvDelimiterOf, csvMapMachine } from './csv-map-machine.ts';
import { ANY_SIZE, etlMachine } from './etl-machine.ts';
import { executeRun, type FinishedObject, type ObjectRequest } from './execute-run.ts';
import { inputsOf } from './run-inputs.ts';

export interface RunRequest extends ObjectRequest {
  /** ISO 8601 in UTC. Default: that of the object's earlier run, else the time at which the object landed. */
  readonly asOf?: string | undefined;
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
  checkWorkflow(request);
  const source = await checkSource(request.file);
  return withRunLock(lake, dataset.name, source.name, { signal, onWait: watcher.waiting }, async () => {
    const { object, landedAt, written } = await landFile(lake, dataset.name, source, signal, (done) =>
      watcher.landing(done, source.size),
    );
    failpoint('run:landed');
    const runId = runIdOf(dataset.name, object);
    const asOf =
      request.asOf ?? (await readManifest(lake.store, dataset.name, runId))?.asOf ?? landedAt.toISOString();
    const zones = { store: lake.store, buckets: embeddedZones };
    // Rows of it may have been mended since it ran first, and are not to be lost.
    const current = (await currentObject(zones, dataset.name, runId)) ?? object;
    const run: RunInput = { runId, dataset: dataset.name, asOf, object: current };
    return { ...(await start(request, run)), landed: written };
  });
};

/**
 * Takes an object of the raw zone through a state machine. Whoever calls it holds the run's lock.
 *
 * @throws {CliError} if that state machine cannot read the dataset's objects
 */
export const runObject = async (request: ObjectRequest, run: RunInput): Promise<FinishedObject> => {
  checkWorkflow(request);
  return start(request, run);
};

/** Before anything is written. */
const checkWorkflow = ({ workflow, dataset, engines = duckdbOnly }: ObjectRequest): void => {
  if (workflow === 'csv-map') csvDelimiterOf(dataset);
  else if (hasTable(dataset) && engines.wanted === 'duckdb')
    throw new CliError(
      `${dataset.name} is a Delta table, which DuckDB cannot write; run it with --engine spark`,
    );
};

const definitionOf = ({ dataset, batchRows }: ObjectRequest, engine: ChosenEngine | null): StateMachine => {
  if (engine === null) return csvMapMachine(csvDelimiterOf(dataset), batchRows);
  return etlMachine(engine.engine === 'spark' ? 0 : ANY_SIZE);
};

const start = async (request: ObjectRequest, run: RunInput): Promise<FinishedObject> => {
  const { lake, workflow, file, engines = duckdbOnly } = request;
  const engine = workflow === 'etl' ? await chooseEngine(engines, run.object.size, request.dataset) : null;
  const definition = definitionOf(request, engine);
  const journal = await createJournal(lake, {
    journalVersion: 1,
    run,
    workflow,
    source: file,
    startedAt: new Date().toISOString(),
    engine,
    ...inputsOf(request, run),
    definition: { ...definition },
  });
  return executeRun(request, { run, definition, journal, former: null });
};
