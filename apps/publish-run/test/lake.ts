import { type ObjectStore, putJson, readBytes, readJson } from '@sluice/lake-storage';
import { memoryStore } from '@sluice/lake-storage/memory';
import { stagingPrefix } from '@sluice/lake-storage/zones';
import type {
  Engine,
  PublishRunInput,
  QualityReport,
  RejectRunInput,
  RunInput,
} from '@sluice/step-contracts';
import type { PublishRunDeps } from '../src/publish-run.ts';

export const raw = 'raw-zone';
export const curated = 'curated-zone';

const run: RunInput = {
  runId: 'orders-0123456789abcdef0123456789abcdef',
  dataset: 'orders',
  asOf: '2026-11-20T23:30:00.000Z',
  object: { bucket: raw, key: 'incoming/orders/day 1/a.csv', size: 100, etag: 'set by arrive' },
};

/** An object in the raw zone, and the run that it starts. */
export const arrive = async (objects: ObjectStore, asOf = run.asOf): Promise<RunInput> => {
  const stored = await objects.put(run.object, Buffer.from('id,name\n'));
  if (stored.outcome !== 'stored') throw new Error('not stored');
  return { ...run, asOf, object: { ...run.object, etag: stored.etag } };
};

export const quality = (rowsIn: number, score = 90): QualityReport => ({
  profile: { rowsIn, malformed: 0, duplicates: 1, columns: [] },
  verdict: { score, threshold: 70, passed: score >= 70, costs: [], findings: [], checks: [] },
});

/** Stand-ins for Parquet: the text is the number of rows. */
const countParquetRows =
  (objects: ObjectStore): PublishRunDeps['countParquetRows'] =>
  async (file) =>
    Number((await readBytes(objects, file))?.toString());

export interface Staged {
  /** Default: duckdb. */
  readonly engine?: Engine;
  readonly accepted: readonly number[];
  readonly quarantined: number;
  readonly rowsIn?: number;
}

/** What the engine leaves in staging; of the rows in, two are filtered and one is a duplicate. */
export const stage = async (objects: ObjectStore, of: RunInput, what: Staged): Promise<PublishRunInput> => {
  const prefix = stagingPrefix(of.runId);
  const put = (name: string, text: string) =>
    objects.put({ bucket: curated, key: `${prefix}${name}` }, Buffer.from(text));
  const accepted = what.accepted.reduce((a, b) => a + b, 0);
  const rowsIn = what.rowsIn ?? accepted + what.quarantined + 3;
  const { engine = 'duckdb' } = what;
  const nameOf = (n: number) =>
    engine === 'spark'
      ? `accepted-rows/part-${String(n).padStart(5, '0')}-9b2c-c000.zstd.parquet`
      : `accepted-${n}.parquet`;
  await Promise.all(what.accepted.map((rows, n) => put(nameOf(n), String(rows))));
  if (what.quarantined > 0) await put('quarantine.jsonl', '{"row":1}\n'.repeat(what.quarantined));
  await putJson(objects, { bucket: curated, key: `${prefix}quality.json` }, quality(rowsIn));
  await putJson(
    objects,
    { bucket: curated, key: `${prefix}transform.json` },
    {
      engine,
      counts: {
        rowsIn,
        accepted,
        filtered: [{ rule: 'recent', rows: 2 }],
        duplicates: 1,
        quarantined: what.quarantined,
        reasons: [],
      },
      unknownColumns: ['note'],
    },
  );
  return {
    ...of,
    action: 'publish',
    validation: { valid: true, format: 'csv', headerKnown: false, unknownColumns: ['note'] },
    quality: {
      score: 90,
      threshold: 70,
      passed: true,
      rowsIn,
      report: { bucket: curated, key: `${prefix}quality.json` },
    },
    transform: { engine, staged: { bucket: curated, prefix } },
  };
};

export const refused = (of: RunInput): RejectRunInput => ({
  ...of,
  action: 'reject',
  validation: { valid: false, code: 'missing_column', message: 'the object has no column "id"' },
});

export interface Lake {
  readonly objects: ObjectStore;
  readonly partitions: string[];
  readonly deps: PublishRunDeps;
}

export const newLake = (objects: ObjectStore = memoryStore()): Lake => {
  const partitions: string[] = [];
  return {
    objects,
    partitions,
    deps: {
      zone: { objects, bucket: curated },
      countParquetRows: countParquetRows(objects),
      partitionsOf: (dataset) =>
        dataset === 'orders' || dataset === 'accounts'
          ? ['process_year', 'process_month', 'process_day']
          : undefined,
      hasTable: (dataset) => dataset === 'accounts',
      addPartition: async (dataset, partition) => {
        const values = partition.map(({ value }) => value).join('-');
        if (!partitions.includes(`${dataset} ${values}`)) partitions.push(`${dataset} ${values}`);
      },
    },
  };
};

/** Every object of the curated zone with its text. */
export const contents = async (objects: ObjectStore): Promise<Record<string, string>> => {
  const found: Record<string, string> = {};
  for await (const { key } of objects.list(curated, '')) {
    found[key] = String(await readBytes(objects, { bucket: curated, key }));
  }
  return found;
};

export const json = (objects: ObjectStore, key: string): Promise<unknown> =>
  readJson(objects, { bucket: curated, key });

export class PowerCut extends Error {}

/** The same store, whose power fails before its nth change; nothing changes after that. */
export const failingAfter = (objects: ObjectStore, changes: number): ObjectStore => {
  let left = changes;
  const spend = () => {
    if (left === 0) throw new PowerCut();
    left -= 1;
  };
  return {
    head: (at) => objects.head(at),
    read: (at, options) => objects.read(at, options),
    list: (bucket, prefix) => objects.list(bucket, prefix),
    keys: (bucket, prefix) => objects.keys(bucket, prefix),
    asLocalFile: (at, dir, options) => objects.asLocalFile(at, dir, options),
    put: async (at, body, options) => {
      spend();
      return objects.put(at, body, options);
    },
    copy: async (from, to) => {
      spend();
      return objects.copy(from, to);
    },
    delete: async (at) => {
      spend();
      return objects.delete(at);
    },
    deleteMany: async (bucket, keys) => {
      const deleted: string[] = [];
      for (const key of keys) {
        spend();
        await objects.delete({ bucket, key });
        deleted.push(key);
      }
      return { deleted, failed: [] };
    },
  };
};
