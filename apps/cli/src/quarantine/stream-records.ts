import { UNMATCHED } from '@sluice/lake-storage/zones';
import { CliError } from '../cli-error.ts';
import { didYouMean } from '../did-you-mean.ts';
import { EXIT } from '../exit-codes.ts';
import { linesOf } from '../lake/lines-of.ts';
import type { QuarantinedRow } from '../report/report-input.ts';
import type { LakeZones } from './lake-zones.ts';
import { type EntryReason, hasReason } from './quarantine-entries.ts';

/** A record of a stream that could not be read, as ingest-stream wrote it: not masked. */
export interface StreamRow extends QuarantinedRow {
  readonly stream: {
    readonly name: string;
    readonly shardId: string;
    readonly sequenceNumber: string;
    /** Of a record that came aggregated with others. */
    readonly subSequenceNumber?: number;
    /** ISO 8601 in UTC. */
    readonly arrivedAt: string;
    /** The record as it came, in Base64, if `raw` is not all of it. */
    readonly data?: string;
  };
}

/** What one stream left in quarantine for one dataset. */
export interface StreamEntry {
  /** Null for records that name no dataset, or none that is known. */
  readonly dataset: string | null;
  readonly stream: string;
  readonly quarantined: number;
  /** When the last of them arrived. */
  readonly lastArrivedAt: string;
  /** A record counts once under each of its reasons. */
  readonly reasons: readonly EntryReason[];
}

/** `orders/sluice-dev-records`: how `show` is told which records. A run id has no slash. */
export const recordsName = ({ dataset, stream }: Pick<StreamEntry, 'dataset' | 'stream'>): string =>
  `${dataset ?? UNMATCHED}/${stream}`;

export const isRecordsName = (name: string): boolean => name.includes('/');

/** A file has the bad records of one batch, so there may be many, and on S3 the wait for each is most of the time. */
const READ_AT_ONCE = 16;

interface Found extends Pick<StreamEntry, 'dataset' | 'stream'> {
  readonly keys: readonly string[];
}

/** Quarantine's files of streams, by name, each in the order of its shards and their sequence numbers. */
const filesOf = async (
  { store, buckets }: LakeZones,
  prefix: string,
): Promise<ReadonlyMap<string, Found>> => {
  const found = new Map<string, Found & { readonly keys: string[] }>();
  for await (const key of store.keys(buckets.curated, prefix)) {
    const [, folder, stream] = /^quarantine\/([^/]+)\/records\/([^/]+)\/[^/]+\/[^/]+\.jsonl$/.exec(key) ?? [];
    if (folder === undefined || stream === undefined) continue;
    const dataset = folder === UNMATCHED ? null : folder;
    const name = recordsName({ dataset, stream });
    const entry = found.get(name) ?? { dataset, stream, keys: [] };
    entry.keys.push(key);
    found.set(name, entry);
  }
  return found;
};

/** Their records in order; those with one reason, if one is wanted. */
async function* rowsIn(
  { store, buckets }: LakeZones,
  keys: readonly string[],
  wanted: string | undefined,
): AsyncGenerator<StreamRow> {
  for (const key of keys) {
    const body = await store.read({ bucket: buckets.curated, key });
    // Somebody has moved it away since it was listed.
    if (!body) continue;
    for await (const line of linesOf(body)) {
      // Written by our own ingest-stream in this shape.
      const row = JSON.parse(line) as StreamRow;
      if (row.reasons.some((reason) => hasReason(wanted, reason))) yield row;
    }
  }
}

/**
 * Streams whose records are in quarantine, or are there for that reason; the newest first. `dataset`: a dataset's name, or
 * `_unmatched`.
 */
export const streamEntries = async (
  zones: LakeZones,
  dataset: string | undefined,
  wanted: string | undefined,
): Promise<readonly StreamEntry[]> => {
  const prefix = dataset === undefined ? 'quarantine/' : `quarantine/${dataset}/records/`;
  const entries: StreamEntry[] = [];
  for (const found of (await filesOf(zones, prefix)).values()) {
    const entry = await entryOf(zones, found, wanted);
    if (entry.quarantined > 0) entries.push(entry);
  }
  return entries.sort((a, b) => (a.lastArrivedAt < b.lastArrivedAt ? 1 : -1));
};

const entryOf = async (
  zones: LakeZones,
  { dataset, stream, keys }: Found,
  wanted: string | undefined,
): Promise<StreamEntry> => {
  const counts = new Map<string, { field: string | null; code: string; rows: number }>();
  let quarantined = 0;
  let lastArrivedAt = '';
  const add = ({ reasons, stream: at }: StreamRow): void => {
    quarantined += 1;
    if (at.arrivedAt > lastArrivedAt) lastArrivedAt = at.arrivedAt;
    for (const { field, code } of reasons) {
      if (!hasReason(wanted, { field, code })) continue;
      const name = `${field} ${code}`;
      const count = counts.get(name) ?? { field, code, rows: 0 };
      count.rows += 1;
      counts.set(name, count);
    }
  };
  const addAll = async (key: string): Promise<void> => {
    for await (const row of rowsIn(zones, [key], wanted)) add(row);
  };
  for (let at = 0; at < keys.length; at += READ_AT_ONCE)
    await Promise.all(keys.slice(at, at + READ_AT_ONCE).map(addAll));
  const reasons = [...counts.values()].sort((a, b) => b.rows - a.rows || (a.code < b.code ? -1 : 1));
  return { dataset, stream, quarantined, lastArrivedAt, reasons };
};

export interface StreamRecords extends Pick<StreamEntry, 'dataset' | 'stream'> {
  readonly rows: AsyncIterable<StreamRow>;
}

/**
 * The records of that name.
 *
 * @throws {CliError} if there are none
 */
export const streamRecords = async (
  zones: LakeZones,
  name: string,
  wanted: string | undefined,
): Promise<StreamRecords> => {
  const [folder = ''] = name.split('/');
  const found = (await filesOf(zones, `quarantine/${folder}/records/`)).get(name);
  if (found) return { dataset: found.dataset, stream: found.stream, rows: rowsIn(zones, found.keys, wanted) };
  const hint =
    didYouMean(name, [...(await filesOf(zones, 'quarantine/')).keys()]) ||
    `; list them: sluice quarantine ls${zones.option}`;
  throw new CliError(
    `no records ${JSON.stringify(name)} are in quarantine in ${zones.name}${hint}`,
    EXIT.usage,
  );
};
