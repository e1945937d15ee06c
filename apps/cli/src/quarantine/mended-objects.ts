import { Readable } from 'node:stream';
import { createGzip } from 'node:zlib';
import { failpoint, type ObjectStore } from '@sluice/lake-storage';
import {
  arrivedName,
  type MendedObject,
  mendedKey,
  mendedPrefix,
  objectIdOf,
  parseMendedKey,
} from '@sluice/lake-storage/zones';
import type { Dataset } from '@sluice/record-schema';
import { decompressed, formatOfKey } from '@sluice/record-transform/reading';
import type { RunInput } from '@sluice/step-contracts';
import { CliError } from '../cli-error.ts';
import { EXIT } from '../exit-codes.ts';
import type { LakeZones } from './lake-zones.ts';
import { mendCsv } from './mend-csv.ts';
import { mendJson } from './mend-json.ts';
import type { MendedRows } from './mended-rows.ts';

export interface KnownMendedObject extends MendedObject {
  readonly key: string;
}

/** The mended objects of a run, in the order in which they were made. The last one is what the run is about. */
export const mendedObjects = async (
  { store, buckets }: Pick<LakeZones, 'store' | 'buckets'>,
  dataset: string,
  runId: string,
): Promise<KnownMendedObject[]> => {
  const found: KnownMendedObject[] = [];
  for await (const { key } of store.list(buckets.raw, mendedPrefix(dataset, runId))) {
    const one = parseMendedKey(key);
    if (one) found.push({ ...one, key });
  }
  return found.sort((a, b) => a.number - b.number);
};

/** An object as a run's input names it; null if there is none. */
export const objectAt = async (
  store: ObjectStore,
  at: { readonly bucket: string; readonly key: string },
): Promise<RunInput['object'] | null> => {
  const head = await store.head(at);
  if (!head) return null;
  const { size, etag, versionId } = head;
  return { ...at, ...(versionId === undefined ? {} : { versionId }), size, etag };
};

/** The last mended object of a run, as a run's input names it; null if none of its rows were ever mended. */
export const currentObject = async (
  zones: Pick<LakeZones, 'store' | 'buckets'>,
  dataset: string,
  runId: string,
): Promise<RunInput['object'] | null> => {
  const last = (await mendedObjects(zones, dataset, runId)).at(-1);
  return last ? objectAt(zones.store, { bucket: zones.buckets.raw, key: last.key }) : null;
};

export interface Mending {
  readonly zones: LakeZones;
  readonly dataset: Dataset;
  readonly run: RunInput;
  /** How many mended objects the run has. */
  readonly before: number;
  readonly rows: MendedRows;
  /** The file that the rows are from. */
  readonly path: string;
}

export interface MendedLanding {
  readonly object: RunInput['object'];
  readonly replaced: number;
  readonly copies: number;
}

/**
 * Writes the run's object once more, with mended rows in the place of those that they were made from, beside it in the raw
 * zone. The same rows make the same object.
 *
 * @throws {CliError} if the rows are from another object
 */
export const landMendedObject = async ({
  zones: { store, buckets, shown },
  dataset,
  run,
  before,
  rows,
  path,
}: Mending): Promise<MendedLanding> => {
  const { etag, size: _size, ...version } = run.object;
  const opened = async (): Promise<AsyncIterable<Uint8Array>> => {
    const body = await store.read(version, { ifMatch: etag });
    if (!body) throw new CliError(`${shown(version)} is gone; run its file again`, EXIT.fault);
    return body;
  };
  const { key } = run.object;
  const bytes = decompressed(await opened());
  const { replaced, copies, apply } = await (formatOfKey(dataset, key) === 'json'
    ? mendJson(dataset, key, bytes, path, rows)
    : mendCsv(dataset, bytes, path, rows));
  const at = {
    bucket: buckets.raw,
    key: mendedKey({
      dataset: run.dataset,
      runId: run.runId,
      objectId: objectIdOf(run.object),
      number: before + 1,
      rowsId: rows.id,
      name: arrivedName(run.object.key),
    }),
  };
  const mended = apply(decompressed(await opened()));
  await store.put(at, (await isGzipped(store, run.object)) ? gzipped(mended) : mended, { ifNoneMatch: '*' });
  failpoint('replay:mended');
  await checkAlone({ store, buckets }, run, at);
  const object = await objectAt(store, at);
  if (!object)
    throw new CliError(`${shown(at)} has vanished right after it was written; try again`, EXIT.fault);
  return { object, replaced, copies };
};

/** Where nothing is locked, two people may mend at once; then neither is to lose what the other one did. */
const checkAlone = async (
  zones: Pick<LakeZones, 'store' | 'buckets'>,
  { dataset, runId }: RunInput,
  at: { readonly bucket: string; readonly key: string },
): Promise<void> => {
  const number = parseMendedKey(at.key)?.number;
  const all = await mendedObjects(zones, dataset, runId);
  if (all.filter((one) => one.number === number).length === 1) return;
  await zones.store.delete(at);
  throw new CliError(`somebody else is replaying ${runId}; try again when that is over`, EXIT.fault);
};

const isGzipped = async (store: ObjectStore, { etag, size: _size, ...version }: RunInput['object']) => {
  const body = await store.read(version, { range: { start: 0, end: 2 }, ifMatch: etag });
  const first: number[] = [];
  for await (const chunk of body ?? []) first.push(...chunk);
  return first[0] === 0x1f && first[1] === 0x8b;
};

async function* gzipped(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const source = Readable.from(chunks);
  const gzip = createGzip();
  source.on('error', (error) => gzip.destroy(error));
  for await (const chunk of source.pipe(gzip)) yield chunk;
}
