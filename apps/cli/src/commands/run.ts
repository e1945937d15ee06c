import { type Dataset, hasTable } from '@sluice/record-schema';
import type { WorkflowName } from '@sluice/workflows';
import { CliError } from '../cli-error.ts';
import type { Command } from '../command.ts';
import { checkSource } from '../lake/land-file.ts';
import { openOrCreateLake } from '../lake/open-lake.ts';
import { type EngineWish, engineNamed, enginesOf, SPARK_ABOVE } from '../run/choose-engine.ts';
import { DEFAULT_BATCH_ROWS } from '../run/csv-map-machine.ts';
import { defaultWorkflow } from '../run/default-workflow.ts';
import { runFile } from '../run/run-file.ts';
import { watchRun } from '../terminal/watch-run.ts';
import { parseAsOf } from './as-of.ts';
import { datasetNamed } from './dataset-named.ts';
import { tellRun } from './tell-run.ts';
import { workflowNamed } from './workflow-named.ts';

export const run: Command = {
  usage: 'run FILE --dataset D',
  summary:
    'Takes a file from the raw zone to published Parquet, or to quarantine, with every row accounted for.',
  details: `FILE is CSV (.csv, .txt), JSON (.json, .jsonl, .ndjson) or Parquet (.parquet), each also gzipped (.gz). It lands in
the raw zone under its own name. The same bytes under the same name are the same object: running it again changes
nothing. Other bytes under that name are a new version with a run of its own; what the earlier version published stays.

Rows are taken to their fates by DuckDB, or by Spark on this machine: the same rows, reasons and counts. Spark needs Java 17 and
Python 3.11 to 3.13; the first --engine spark fetches the rest (360 MB) into .cache/spark. auto never fetches anything,
but for a dataset whose rows go into a Delta table: Spark alone can write that.

PSEUDONYM_KEY is the key for datasets that pseudonymise.`,
  options: {
    dataset: { type: 'string', value: 'D', help: 'the dataset that the rows belong to (required)' },
    workflow: {
      type: 'string',
      value: 'W',
      help: "etl, or csv-map: CSV in batches of rows (default: the dataset's, else etl, which takes any size here)",
    },
    'batch-rows': {
      type: 'string',
      value: 'N',
      help: `rows of a batch of csv-map (default: ${DEFAULT_BATCH_ROWS})`,
    },
    engine: {
      type: 'string',
      value: 'E',
      help: `duckdb, spark or auto: Spark for objects of more than ${SPARK_ABOVE}, if it is installed (default: auto)`,
    },
    'as-of': {
      type: 'string',
      value: 'ISO',
      help: "the run's clock (default: when the object landed, or that of its earlier run)",
    },
  },
  positionals: [1, 1],
  run: async ({ positionals: [file = ''], lake: folder, json, text }, terminal) => {
    const name = text('dataset');
    if (name === undefined)
      throw new CliError(`which dataset? sluice run ${file} --dataset D; list them: sluice datasets`);
    const dataset = datasetNamed(name);
    const engine = text('engine');
    const wish = engine === undefined ? undefined : engineNamed(engine);
    const workflow = await workflowOf(text('workflow'), wish, dataset, file);
    const batchRows = batchRowsOf(text('batch-rows'), workflow);
    const asOf = text('as-of');
    const at = asOf === undefined ? undefined : parseAsOf(asOf);
    const engines = enginesOf(wish ?? 'auto', terminal.env, (line) => terminal.err(`  ${line}\n`));
    if (wish === 'spark' || (wish !== 'duckdb' && hasTable(dataset))) {
      // What is missing is told before anything is fetched or written.
      await checkSource(file);
      await engines.sparkEnvironment();
    }
    const lake = await openOrCreateLake(folder);
    const watcher = watchRun(terminal);
    try {
      const finished = await runFile({
        lake,
        dataset,
        workflow,
        batchRows,
        engines,
        file,
        asOf: at,
        pseudonymKey: terminal.env.PSEUDONYM_KEY,
        signal: terminal.signal,
        watcher,
      });
      watcher.done();
      return await tellRun(lake, dataset, finished, { json }, terminal);
    } finally {
      watcher.done();
    }
  },
};

/** Whoever names an engine wants the workflow that has a choice of engines. */
const workflowOf = async (
  wanted: string | undefined,
  engine: EngineWish | undefined,
  dataset: Dataset,
  file: string,
): Promise<WorkflowName> => {
  if (wanted === undefined) return engine === undefined ? defaultWorkflow(dataset, file) : 'etl';
  const workflow = workflowNamed(wanted);
  if (workflow !== 'etl' && engine !== undefined)
    throw new CliError('--engine is for --workflow etl; csv-map has one of its own');
  return workflow;
};

const batchRowsOf = (given: string | undefined, workflow: string): number | undefined => {
  if (given === undefined) return undefined;
  if (workflow !== 'csv-map') throw new CliError('--batch-rows is for --workflow csv-map');
  const rows = Number(given);
  // A batch has at most 256 KiB, so that more of them never fit.
  if (!Number.isInteger(rows) || rows < 1 || rows > 100_000)
    throw new CliError(`--batch-rows is a whole number from 1 to 100000, and not ${given}`);
  return rows;
};
