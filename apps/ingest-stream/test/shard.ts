import { orders } from '@sluice/datasets';
import { memoryStore } from '@sluice/lake-storage/memory';
import { defineDataset, text } from '@sluice/record-schema';
import { decompressed } from '@sluice/record-transform/reading';
import type { KinesisEvent, KinesisEventRecord } from '@sluice/step-contracts';
import type { IngestRecordsDeps } from '../src/ingest-records.ts';

const arn = 'arn:aws:kinesis:eu-central-1:123456789012:stream/lake-records';
export const shardId = 'shardId-000000000003';

/** As long as those of Kinesis; not evenly apart. */
export const numberOf = (at: number): string =>
  String(49_590_338_271_490_256_608_559_692_538_361_571_095_921_575_989_136_588_000n + BigInt(at) ** 2n);

export const record = (
  at: number,
  data: string | Uint8Array,
  { shard = shardId } = {},
): KinesisEventRecord => ({
  eventID: `${shard}:${numberOf(at)}`,
  eventSourceARN: arn,
  kinesis: {
    sequenceNumber: numberOf(at),
    data: Buffer.from(data).toString('base64'),
    approximateArrivalTimestamp: 1_793_970_000.123 + at,
  },
});

export const event = (...Records: KinesisEventRecord[]): KinesisEvent => ({ Records });

/** Takes no column that it does not declare. */
const strict = defineDataset({
  name: 'strict',
  source: { unknownColumns: 'reject' },
  fields: { id: text({ required: true }) },
});
const csvOnly = defineDataset({
  name: 'csv_only',
  source: { formats: ['csv'] },
  fields: { id: text({ required: true }) },
});

/** Says which records are copies of one. */
const keyed = defineDataset({ name: 'keyed', fields: { id: text({ required: true }) }, key: ['id'] });

const datasets = new Map([{ ...orders, key: null }, strict, csvOnly, keyed].map((one) => [one.name, one]));

export const findDataset = (name: string) => datasets.get(name);

export const lake = (overrides: Partial<IngestRecordsDeps> = {}) => {
  const objects = overrides.objects ?? memoryStore();
  const deps: IngestRecordsDeps = {
    findDataset,
    datasetBy: { field: '_dataset' },
    objects,
    rawBucket: 'raw',
    curatedBucket: 'curated',
    parallelizationFactor: 1,
    ...overrides,
  };
  return { deps, objects };
};

type Objects = IngestRecordsDeps['objects'];

export const keysIn = async (objects: Objects, bucket: string, prefix = ''): Promise<string[]> => {
  const keys: string[] = [];
  for await (const key of objects.keys(bucket, prefix)) keys.push(key);
  return keys;
};

/** The lines of every object below the prefix, in the order of the keys. */
export const linesIn = async (objects: Objects, bucket: string, prefix = ''): Promise<string[]> => {
  const lines: string[] = [];
  for (const key of await keysIn(objects, bucket, prefix))
    lines.push(...(await linesOf(objects, bucket, key)));
  return lines;
};

export const linesOf = async (objects: Objects, bucket: string, key: string): Promise<string[]> => {
  const body = await objects.read({ bucket, key });
  const chunks: Uint8Array[] = [];
  for await (const chunk of decompressed(body ?? [])) chunks.push(chunk);
  const content = Buffer.concat(chunks).toString('utf8');
  if (!content.endsWith('\n')) throw new Error(`${key} does not end with a line end.`);
  return content.slice(0, -1).split('\n');
};
