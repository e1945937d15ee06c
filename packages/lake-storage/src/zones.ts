import { createHash } from 'node:crypto';
import type { ObjectAddress } from './object-store.ts';

/** The areas of the lake. On AWS each is a bucket, in the embedded lake a folder. */
export type Zone = 'raw' | 'curated' | 'analytics' | 'scripts';

/** The bucket of each zone. */
export type ZoneBuckets = Readonly<Record<Zone, string>>;

/** In the embedded lake the zones are folders of their own names. */
export const embeddedZones: ZoneBuckets = {
  raw: 'raw',
  curated: 'curated',
  analytics: 'analytics',
  scripts: 'scripts',
};

/** The zone that holds the keys below each top folder; permissions and lifecycle rules follow it. */
export const zoneOfFolder = {
  incoming: 'raw',
  archive: 'raw',
  quarantine: 'curated',
  staging: 'curated',
  processed: 'curated',
  tables: 'curated',
  runs: 'curated',
  'map-results': 'curated',
  requests: 'curated',
} as const satisfies Record<string, Zone>;

/** An object as its arrival event names it: what a run is about. */
export interface ArrivedObject extends ObjectAddress {
  readonly versionId?: string | undefined;
  /** Stands in for the version where the bucket keeps none. */
  readonly etag: string;
}

// A partition column's values are integers, not padded.
export interface PartitionValue {
  readonly column: string;
  readonly value: number;
}

export interface PublishedFile {
  readonly dataset: string;
  /** In the order of the folders. */
  readonly partitions: readonly PartitionValue[];
  readonly objectId: string;
  /** Counts the files that one object left in one partition, from 0. */
  readonly part: number;
}

/** A raw object some of whose rows were corrected after its run: see docs/adr/0012-mended-objects.md. */
export interface MendedObject {
  readonly dataset: string;
  /** The run and the object id of the object that arrived. */
  readonly runId: string;
  readonly objectId: string;
  /** Counts the run's mended objects, from 1. */
  readonly number: number;
  /** 16 hex digits that stand for the rows that were put in. */
  readonly rowsId: string;
  /** The name of the object that arrived. */
  readonly name: string;
}

/** `incoming/<dataset>/<name>`, in the raw zone: where objects arrive. */
export function incomingKey(dataset: string, name: string): string {
  return `incoming/${dataset}/${name}`;
}

/** The dataset and name of a raw object's key; null for folder markers and for what lies elsewhere. */
export function parseIncomingKey(key: string): { dataset: string; name: string } | null {
  const [, dataset, name] = /^incoming\/([^/]+)\/(.*[^/])$/s.exec(key) ?? [];
  return dataset !== undefined && name !== undefined ? { dataset, name } : null;
}

/** `incoming/<dataset>/mended/<run-id>/`: the mended objects of a run. */
export function mendedPrefix(dataset: string, runId: string): string {
  return incomingKey(dataset, `mended/${runId}/`);
}

/** `incoming/<dataset>/mended/<run-id>/<object-id>/<number>-<rows-id>/<name>` */
export function mendedKey({ dataset, runId, objectId, number, rowsId, name }: MendedObject): string {
  return `${mendedPrefix(dataset, runId)}${objectId}/${number}-${rowsId}/${lastBytes(name, 512)}`;
}

/** The parts of a mended object's key; null for any other key. */
export function parseMendedKey(key: string): MendedObject | null {
  const [, dataset, runId, objectId, number, rowsId, name] =
    /^incoming\/([^/]+)\/mended\/([A-Za-z0-9_-]{1,80})\/([0-9a-f]{32})\/([1-9]\d{0,8})-([0-9a-f]{16})\/(.*[^/])$/s.exec(
      key,
    ) ?? [];
  if (
    dataset === undefined ||
    runId === undefined ||
    objectId === undefined ||
    rowsId === undefined ||
    name === undefined
  )
    return null;
  return { dataset, runId, objectId, number: Number(number), rowsId, name };
}

/** Records of one shard that were written together, `first` and `last` by their sequence numbers. */
export interface StreamBatch {
  readonly stream: string;
  readonly shardId: string;
  readonly first: string;
  readonly last: string;
  /** 16 hex digits that stand for which records they are: others never have the same key, whatever their ends are. */
  readonly recordsId: string;
}

/** `incoming/<dataset>/stream/<stream>/<shard-id>/`: what came from one shard, in the order of its last sequence numbers. */
export function streamPrefix(dataset: string, stream: string, shardId: string): string {
  return incomingKey(dataset, `stream/${stream}/${shardId}/`);
}

/** `incoming/<dataset>/stream/<stream>/<shard-id>/<last>-<first>-<records-id>.jsonl.gz` */
export function streamBatchKey(dataset: string, batch: StreamBatch): string {
  return `${streamPrefix(dataset, batch.stream, batch.shardId)}${batchName(batch)}.jsonl.gz`;
}

/** The folder, in place of a dataset's, of records that name none. No dataset has such a name. */
export const UNMATCHED = '_unmatched';

/** `quarantine/<dataset>/records/<stream>/<shard-id>/`: records of one shard that could not be read. */
export function quarantinedRecordsPrefix(dataset: string | null, stream: string, shardId: string): string {
  return `quarantine/${dataset ?? UNMATCHED}/records/${stream}/${shardId}/`;
}

/** `quarantine/<dataset>/records/<stream>/<shard-id>/<last>-<first>-<records-id>.jsonl` */
export function quarantinedRecordsKey(dataset: string | null, batch: StreamBatch): string {
  return `${quarantinedRecordsPrefix(dataset, batch.stream, batch.shardId)}${batchName(batch)}.jsonl`;
}

/** The first and last sequence number in the key of a stream's batch, in either zone; null for any other key. */
export function parseSequenceRange(key: string): { readonly first: string; readonly last: string } | null {
  const [, last, first] = /\/0*(\d+)-0*(\d+)-[0-9a-f]{16}\.jsonl(?:\.gz)?$/.exec(key) ?? [];
  return first !== undefined && last !== undefined ? { first, last } : null;
}

/** Padded, so that the order of names is that of numbers: https://docs.aws.amazon.com/kinesis/latest/APIReference/API_Record.html */
export function paddedSequenceNumber(number: string): string {
  return number.padStart(56, '0');
}

/** The last number comes first: a listing that starts behind a number leaves out exactly the batches that end before it. */
function batchName({ first, last, recordsId }: StreamBatch): string {
  return `${paddedSequenceNumber(last)}-${paddedSequenceNumber(first)}-${recordsId}`;
}

/** `requests/<dataset>/<hash>.json`: what was answered to a request, for whoever sends it again. */
export function requestKey(dataset: string, hash: string): string {
  return `requests/${dataset}/${hash}.json`;
}

/** `quarantine/<dataset>/<run-id>.<format>`: the run's rejected rows, each with its reasons. */
export function quarantinedRowsKey(dataset: string, runId: string, format: 'jsonl' | 'parquet'): string {
  return `quarantine/${dataset}/${runId}.${format}`;
}

/** `quarantine/<dataset>/objects/<object-id>/<name>`: a refused object, whole. `name` as in `parseIncomingKey`. */
export function quarantinedObjectKey(dataset: string, objectId: string, name: string): string {
  // The name may have folders of its own; 1024 bytes, S3's limit, must hold it all.
  return `quarantine/${dataset}/objects/${objectId}/${lastBytes(name, 512)}`;
}

/** `staging/<run-id>/`: where engines write, and nobody reads but publishing. */
export function stagingPrefix(runId: string): string {
  return `staging/${runId}/`;
}

/** `processed/<dataset>/`: the published files of a dataset. */
export function processedPrefix(dataset: string): string {
  return `processed/${dataset}/`;
}

/** `tables/<dataset>/`: the Delta table of a dataset that has one. */
export function tablePrefix(dataset: string): string {
  return `tables/${dataset}/`;
}

/** `<column>=<value>/…/`: a partition's folder, in Hive's notation, as Glue and Athena read it. */
export function partitionFolder(partitions: readonly PartitionValue[]): string {
  return partitions.map(({ column, value }) => `${column}=${value}/`).join('');
}

/** `processed/<dataset>/process_year=…/process_month=…/process_day=…/<object-id>-<n>.parquet` */
export function publishedKey({ dataset, partitions, objectId, part }: PublishedFile): string {
  return `${processedPrefix(dataset)}${partitionFolder(partitions)}${objectId}-${part}.parquet`;
}

/** The parts of a published file's key; null for any other key. */
export function parsePublishedKey(key: string): PublishedFile | null {
  const [, dataset, folders, objectId, part] =
    /^processed\/([^/]+)\/((?:[^/=]+=-?\d+\/)*)([0-9a-f]{32})-(\d+)\.parquet$/.exec(key) ?? [];
  if (dataset === undefined || folders === undefined || objectId === undefined) return null;
  const partitions = [...folders.matchAll(/([^/=]+)=(-?\d+)\//g)].map(([, column = '', value]) => ({
    column,
    value: Number(value),
  }));
  return { dataset, partitions, objectId, part: Number(part) };
}

/** `runs/<dataset>/<run-id>.json`: the run's manifest. It exists if, and only if, the run was finished. */
export function manifestKey(dataset: string, runId: string): string {
  return `runs/${dataset}/${runId}.json`;
}

/** `runs/<dataset>/`: the manifests of a dataset. */
export function manifestsPrefix(dataset: string): string {
  return `runs/${dataset}/`;
}

/** `map-results/<run-id>/`: what a Distributed Map's ResultWriter left. */
export function mapResultsPrefix(runId: string): string {
  return `map-results/${runId}/`;
}

/**
 * 32 hex digits that stand for this version of this object in the names of published files. A mended object has that of
 * the object it stands for, so that its files take the place of the other's.
 */
export function objectIdOf(object: ArrivedObject): string {
  return parseMendedKey(object.key)?.objectId ?? hash([object.bucket, object.key, versionOf(object)]);
}

/** What an object was called when it arrived; its whole key, if that lies outside the incoming folder. */
export function arrivedName(key: string): string {
  return parseMendedKey(key)?.name ?? parseIncomingKey(key)?.name ?? key;
}

/**
 * `<dataset>-<32 hex digits>`, the same for every arrival of the same version of an object in a dataset. Also the name of
 * its execution: at most 80 characters of `[A-Za-z0-9-_]`, as Step Functions demands.
 */
export function runIdOf(dataset: string, object: ArrivedObject): string {
  const readable = dataset.replace(/[^A-Za-z0-9_-]/g, '_').slice(0, 80 - 33);
  return `${readable}-${hash([dataset, object.bucket, object.key, versionOf(object)])}`;
}

/** S3 names the one version of an object in a bucket without versions `null`, whatever its bytes are. */
function versionOf({ versionId, etag }: ArrivedObject): string {
  return versionId === undefined || versionId === 'null' ? etag : versionId;
}

/** JSON keeps the parts apart: no two lists of strings have the same text. */
function hash(parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32);
}

/** The end of the text, in whole code points, at most `limit` bytes of UTF-8. */
function lastBytes(text: string, limit: number): string {
  let kept = '';
  let size = 0;
  for (const character of [...text].reverse()) {
    size += Buffer.byteLength(character, 'utf8');
    if (size > limit) break;
    kept = character + kept;
  }
  return kept;
}
