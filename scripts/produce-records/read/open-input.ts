import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import type { Dataset } from '@sluice/record-schema';
import { ProduceError } from '../produce-error.ts';
import { type ByteSource, fileBytes, reasonOf, standardInputBytes, unpacked } from './bytes.ts';
import { jsonLineRecords } from './json-lines.ts';
import type { ReadRecord } from './read-record.ts';

export const FORMATS = ['csv', 'json', 'parquet'] as const;
export type Format = (typeof FORMATS)[number];

/** What tells an input from another one, or from itself after a change. */
export type InputIdentity = Readonly<Record<string, string | number>>;

export interface Input {
  /** How people call it. */
  readonly label: string;
  readonly identity: InputIdentity;
  /** It can be read once more. */
  readonly isFile: boolean;
  /** How much of it is read, between 0 and 1; null where nobody knows how much there is. */
  readonly fraction: () => number | null;
  /** The records behind the first `after`, some at a time, in the input's order. */
  readonly records: (after: number) => AsyncGenerator<readonly ReadRecord[], void>;
}

export interface InputRequest {
  /** `-` is standard input. */
  readonly path: string;
  readonly format: Format | null;
  readonly dataset: Dataset | null;
  /** The identity is to be known before anything is read: of standard input, this reads its beginning. */
  readonly identify: boolean;
  /** Ends the records. */
  readonly signal: AbortSignal;
}

const HEAD_BYTES = 64 * 1024;
const EXTENSIONS: Readonly<Record<string, Format>> = {
  csv: 'csv',
  txt: 'csv',
  json: 'json',
  jsonl: 'json',
  ndjson: 'json',
  parquet: 'parquet',
};

export const openInput = async (request: InputRequest): Promise<Input> =>
  request.path === '-' ? openStandardInput(request) : openFile(request);

const openFile = async ({ path, format: wanted, dataset, signal }: InputRequest): Promise<Input> => {
  const label = basename(path);
  const facts = await stat(path).catch((error: unknown) => {
    throw new ProduceError(`${path} cannot be read: ${reasonOf(error)}`);
  });
  if (facts.isDirectory()) throw new ProduceError(`${path} cannot be read: it is a folder`);
  const format = wanted ?? formatByName(path);
  const identity = { path: resolve(path), size: facts.size, modified: facts.mtimeMs };
  if (format === 'parquet') {
    if (/\.gz$/i.test(path))
      throw new ProduceError(`${path}: Parquet is not read out of gzip; unpack it first`);
    const { openParquet } = await import('./parquet.ts');
    const { rows, records } = await openParquet(path, label, dataset);
    let reached = 0;
    return {
      label,
      identity,
      isFile: true,
      fraction: () => (rows === 0 ? 1 : reached / rows),
      records: async function* (after) {
        for await (const batch of records(after)) {
          if (signal.aborted) return;
          reached = batch.at(-1)?.number ?? reached;
          yield batch;
        }
      },
    };
  }
  let taken = 0;
  const source = () =>
    fileBytes(
      path,
      label,
      (count) => {
        taken += count;
      },
      signal,
    );
  return {
    label,
    identity,
    isFile: facts.isFile(),
    // A pipe has no size.
    fraction: () => (facts.isFile() && facts.size > 0 ? Math.min(1, taken / facts.size) : null),
    records: (after) => behind(after, recordsOf(source(), format, dataset)),
  };
};

const formatByName = (path: string): Format => {
  const [, extension = ''] = /\.([^.]+?)(?:\.gz)?$/i.exec(basename(path)) ?? [];
  const format = Object.hasOwn(EXTENSIONS, extension.toLowerCase())
    ? EXTENSIONS[extension.toLowerCase()]
    : undefined;
  if (!format)
    throw new ProduceError(`${path}: its name does not tell its format: say --format csv, json or parquet`);
  return format;
};

const openStandardInput = async ({ format, dataset, identify, signal }: InputRequest): Promise<Input> => {
  const label = 'standard input';
  if (format === 'parquet')
    throw new ProduceError('Parquet has to be read from its end: give a file, not standard input');
  const source = standardInputBytes(label, () => {}, signal);
  const { head, chunks } = identify ? await headOf(source) : { head: null, chunks: source.chunks };
  return {
    label,
    identity: head === null ? {} : { head: createHash('sha256').update(head).digest('hex') },
    isFile: false,
    fraction: () => null,
    records: (after) => behind(after, recordsOf({ label, chunks }, format ?? 'json', dataset)),
  };
};

const headOf = async ({ chunks }: ByteSource) => {
  const iterator = chunks[Symbol.asyncIterator]();
  const parts: Buffer[] = [];
  let size = 0;
  while (size < HEAD_BYTES) {
    const next = await iterator.next();
    if (next.done) break;
    parts.push(next.value);
    size += next.value.length;
  }
  const all = Buffer.concat(parts);
  const rest = { [Symbol.asyncIterator]: () => iterator };
  const again = async function* () {
    if (all.length > 0) yield all;
    yield* rest;
  };
  return { head: all.subarray(0, HEAD_BYTES), chunks: again() };
};

// A reader is loaded with the libraries that it takes, when it is wanted.
async function* recordsOf(source: ByteSource, format: Format, dataset: Dataset | null) {
  if (format === 'json') return yield* jsonLineRecords(unpacked(source), source.label);
  const { csvRecords } = await import('./csv.ts');
  yield* csvRecords(unpacked(source), dataset?.source.delimiter ?? ',', source.label);
}

async function* behind(
  after: number,
  batches: AsyncIterable<readonly ReadRecord[]>,
): AsyncGenerator<readonly ReadRecord[], void> {
  for await (const batch of batches) {
    const last = batch.at(-1)?.number ?? 0;
    if (last <= after) continue;
    yield (batch[0]?.number ?? 0) > after ? batch : batch.filter(({ number }) => number > after);
  }
}

/** `count` records of a dataset that nobody has, the same ones for the same seed. */
export const generatedInput = (
  dataset: Dataset,
  { count, seed, signal }: { readonly count: number; readonly seed: number; readonly signal: AbortSignal },
): Input => {
  let reached = 0;
  return {
    label: `generated ${dataset.name}`,
    identity: { generated: dataset.name, seed, count },
    isFile: false,
    fraction: () => (count === 0 ? 1 : reached / count),
    records: async function* (after) {
      const { generatedRecords } = await import('./generate.ts');
      for await (const batch of generatedRecords(dataset, { count, seed, after })) {
        if (signal.aborted) return;
        reached = batch.at(-1)?.number ?? reached;
        yield batch;
      }
    },
  };
};
