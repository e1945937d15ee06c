import type { ObjectStore } from '@sluice/lake-storage';
import { readJson } from '@sluice/lake-storage';
import { runInput } from '@sluice/step-contracts';
import { z } from 'zod';
import { mapRunRecord } from './map-run-record.ts';

/**
 * Beside the zones, not in them: an execution has a clock and a host, and the zones are the same however often, and
 * wherever, the same objects ran.
 */
const BUCKET = 'executions';

/** The engine of a run, and why it is that one: "5.1 GB is more than 4 GiB". */
export const chosenEngine = z.object({ engine: z.enum(['duckdb', 'spark']), because: z.string() });
export type ChosenEngine = z.output<typeof chosenEngine>;

const failure = z.object({ error: z.string().exactOptional(), cause: z.string().exactOptional() });

const stateRun = z.object({
  state: z.string(),
  visits: z.number(),
  /** Over all visits. */
  milliseconds: z.number(),
  /** How often its task was tried; 0 if it is no task. */
  attempts: z.number(),
  /** The error of the last attempt, whether it was caught or not. */
  error: z.string().nullable(),
  /** The states that followed, each once. */
  next: z.array(z.string()),
});

const discoveredColumn = z.object({
  name: z.string(),
  /** As DuckDB infers it; null if it does not. */
  inferred: z.string().nullable(),
  /** The dataset's type; null for a column that it does not declare. */
  declared: z.string().nullable(),
});

const discovery = z.object({
  columns: z.array(discoveredColumn),
  /** Declared columns that the object lacks. */
  missing: z.array(z.string()),
  /** Why no types were inferred. */
  note: z.string().nullable(),
});
/** What the crawler's stand-in saw. */
export type Discovery = z.output<typeof discovery>;

const redrive = z.object({
  /** 1 for the first. */
  count: z.int().min(1),
  startedAt: z.string(),
  /** Where it went on; null if the execution had entered no state. */
  state: z.string().nullable(),
  /** Of the Map Run that it went on with; null if it went on elsewhere. */
  batches: z.object({ total: z.int(), doneBefore: z.int(), ranAgain: z.int() }).nullable(),
});

const executionRecord = z.object({
  recordVersion: z.literal(1),
  /** Records of the time when there was only one have none. */
  workflow: z.enum(['etl', 'csv-map']).default('etl'),
  /** Null for csv-map; records of the time before have none either. */
  engine: chosenEngine.nullable().default(null),
  ...runInput.shape,
  /** The file that was given. */
  source: z.string(),
  startedAt: z.string(),
  endedAt: z.string(),
  status: z.enum(['SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED']),
  failure: failure.nullable(),
  /** In the order of their first visits. */
  states: z.array(stateRun),
  discovery: discovery.nullable(),
  /** Null if it came to none; records of the time before have none either. */
  mapRun: mapRunRecord.nullable().default(null),
  /** The last one; null if there was none. */
  redrive: redrive.nullable().default(null),
  /** What ran in the place of an AWS service, in sentences. */
  stands: z.array(z.string()),
  /** In the words of Step Functions' GetExecutionHistory. */
  events: z.array(z.looseObject({ id: z.number(), type: z.string(), timestamp: z.string() })),
});
/** The last execution of a run: `executions/<run-id>.json`. */
export type ExecutionRecord = z.output<typeof executionRecord>;

const addressOf = (runId: string) => ({ bucket: BUCKET, key: `${runId}.json` });

export const writeExecution = async (store: ObjectStore, record: ExecutionRecord): Promise<void> => {
  await store.put(addressOf(record.runId), Buffer.from(`${JSON.stringify(record)}\n`));
};

/** Null if there is none, or none that can be read: it is a convenience, the manifest is the record. */
export const readExecution = async (store: ObjectStore, runId: string): Promise<ExecutionRecord | null> => {
  const parsed = executionRecord.safeParse(await readJson(store, addressOf(runId)).catch(() => null));
  return parsed.success ? parsed.data : null;
};

/** The ids of all runs that were executed here, finished or not. */
export const listExecutions = async (store: ObjectStore): Promise<string[]> => {
  const runIds: string[] = [];
  for await (const { key } of store.list(BUCKET, '')) {
    if (key.endsWith('.json')) runIds.push(key.slice(0, -'.json'.length));
  }
  return runIds;
};
