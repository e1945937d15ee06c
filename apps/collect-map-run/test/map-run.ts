import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ObjectStore, putJson, readBytes } from '@sluice/lake-storage';
import { memoryStore } from '@sluice/lake-storage/memory';
import { stagingPrefix } from '@sluice/lake-storage/zones';
import type { Dataset } from '@sluice/record-schema';
import { valuesToParquet } from '@sluice/record-transform';
import { createBatchJudge, encodePart, failedBatch } from '@sluice/record-transform/batches';
import { createCsvTokenizer } from '@sluice/record-transform/reading';
import { type CollectMapRunInput, stagedName } from '@sluice/step-contracts';
import type { CollectMapRunDeps } from '../src/collect-map-run.ts';

export const raw = 'raw-zone';
export const curated = 'curated-zone';
export const runId = 'orders-1';
export const asOf = '2026-11-20T10:00:00.000Z';
const results = 'map-results/orders-1/1b4e28ba';

type Item = Readonly<Record<string, string>>;

/**
 * The items that a reader of CSV gives which pads and cuts, and takes the object's lines apart where the object's rows
 * end. `blankLines`: a line without a character is an item, too.
 */
export const itemsOf = (dataset: Dataset, content: Buffer, blankLines = false): Item[] => {
  const items: Item[] = [];
  let header: readonly string[] = [];
  let blank = 0;
  const add = (cells: readonly string[]): void => {
    items.push(Object.fromEntries(header.map((name, at) => [name, cells[at] ?? ''])));
  };
  const blanks = (upTo: number): void => {
    for (; blankLines && blank < upTo; blank += 1) add([]);
  };
  const tokenizer = createCsvTokenizer({
    delimiter: dataset.source.delimiter,
    onHeader: (names) => {
      header = names;
    },
    onRow: (row) => {
      blanks(row.blankLines);
      const text = Buffer.from(row.bytes.subarray(row.start, row.end)).toString('utf8');
      add(fieldsOf(text, dataset.source.delimiter));
    },
  });
  tokenizer.push(content);
  const summary = tokenizer.end();
  blanks(summary.blankLines - summary.blankLinesBeforeHeader);
  return items;
};

const fieldsOf = (row: string, delimiter: string): string[] => {
  const fields: string[] = [];
  let field = '';
  let quoted = false;
  for (let at = 0; at < row.length; at += 1) {
    const char = row[at];
    if (char === '"' && quoted && row[at + 1] === '"') {
      field += '"';
      at += 1;
    } else if (char === '"') quoted = !quoted;
    else if (char === delimiter && !quoted) {
      fields.push(field);
      field = '';
    } else field += char;
  }
  return [...fields, field];
};

export interface MapRunPlan {
  readonly dataset: Dataset;
  readonly content: string | Buffer;
  readonly batchSize?: number;
  readonly items?: readonly Item[];
}

/** A lake in which a Map Run has just succeeded. */
export const mapRun = async ({ dataset, content, batchSize = 3, items }: MapRunPlan) => {
  const objects = memoryStore();
  const bytes = Buffer.from(content);
  const object = { bucket: raw, key: 'incoming/orders/a.csv' };
  const stored = await objects.put(object, bytes);
  if (stored.outcome !== 'stored') throw new Error('not stored');
  const given = items ?? itemsOf(dataset, bytes);
  const judge = createBatchJudge(dataset, asOf);
  const batches: { readonly first: number; readonly rows: readonly Item[] }[] = [];
  for (let first = 0; first < given.length; first += batchSize)
    batches.push({ first, rows: given.slice(first, first + batchSize) });
  const partKey = (first: number, rows: number): string =>
    `${stagingPrefix(runId)}${stagedName.part(first, rows)}`;
  const keyOf = ({ first, rows }: (typeof batches)[number]): string => partKey(first, rows.length);
  for (const batch of batches)
    await objects.put({ bucket: curated, key: keyOf(batch) }, encodePart(judge(batch)));

  const output = (batch: (typeof batches)[number]) => ({
    result: {
      handled: 'processed',
      first: batch.first,
      rows: batch.rows.length,
      part: keyOf(batch),
      accepted: 0,
      filtered: 0,
      quarantined: 0,
    },
  });
  /** What the ResultWriter leaves of children that ended so. */
  const writeResults = async (of: {
    readonly succeeded: readonly (typeof batches)[number][];
    readonly failed?: readonly (typeof batches)[number][];
    readonly pending?: number;
  }) => {
    const { succeeded, failed = [], pending = 0 } = of;
    const kinds: Record<'SUCCEEDED' | 'FAILED' | 'PENDING', readonly unknown[]> = {
      // In no order: children end as they please.
      SUCCEEDED: succeeded.map(output).reverse(),
      FAILED: failed.map(({ first, rows }) => ({
        Input: JSON.stringify({ Items: rows.map((cells, at) => ({ row: first + at, cells })) }),
        Status: 'FAILED',
        Error: 'Lambda.Unknown',
      })),
      PENDING: Array.from({ length: pending }, () => ({ Input: '{}', Status: 'PENDING' })),
    };
    const ResultFiles: Record<string, unknown> = {};
    for (const [kind, lines] of Object.entries(kinds)) {
      const Key = `${results}/${kind}_0.jsonl`;
      const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
      if (text !== '') await objects.put({ bucket: curated, key: Key }, Buffer.from(text));
      ResultFiles[kind] = text === '' ? [] : [{ Key, Size: text.length }];
    }
    await putJson(
      objects,
      { bucket: curated, key: `${results}/manifest.json` },
      {
        DestinationBucket: curated,
        MapRunArn: 'arn:aws:states:local:0:mapRun:csv-map/ProcessCsvRows:1',
        ResultFiles,
      },
    );
  };
  await writeResults({ succeeded: batches });

  const input: CollectMapRunInput = {
    runId,
    dataset: dataset.name,
    asOf,
    object: { ...object, size: bytes.length, etag: stored.etag },
    results: { bucket: curated, key: `${results}/manifest.json` },
  };
  return { objects, input, deps: depsOf(objects, dataset), batches, keyOf, writeResults };
};

const depsOf = (objects: ObjectStore, dataset: Dataset): CollectMapRunDeps => ({
  findDataset: (name) => (name === dataset.name ? dataset : undefined),
  objects,
  curatedBucket: curated,
  withScratchFolder: async (work) => {
    const folder = await mkdtemp(join(tmpdir(), 'collect-'));
    try {
      return await work(folder);
    } finally {
      await rm(folder, { recursive: true });
    }
  },
  valuesToParquet: (of, files) => valuesToParquet(of, files, { memoryMb: 256, threads: 1 }),
});

/** A part as `record-failed-rows` leaves it. */
export const failedPart = (dataset: Dataset, first: number, rows: readonly Item[], error: string): Buffer =>
  encodePart(failedBatch(dataset, asOf, { first, rows }, error));

/** What is in staging, parts aside, by name. */
export const stagedIn = async (objects: ObjectStore): Promise<Map<string, Buffer>> => {
  const found = new Map<string, Buffer>();
  const prefix = stagingPrefix(runId);
  for await (const { key } of objects.list(curated, prefix)) {
    const name = key.slice(prefix.length);
    if (name.startsWith('parts/')) continue;
    found.set(name, Buffer.from((await readBytes(objects, { bucket: curated, key })) ?? []));
  }
  return found;
};

export const quarantineIn = async (
  objects: ObjectStore,
): Promise<{ row: number; reasons: unknown; record: unknown; raw: unknown; error?: string }[]> => {
  const text = String((await stagedIn(objects)).get('quarantine.jsonl') ?? '');
  return text === ''
    ? []
    : text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line));
};
