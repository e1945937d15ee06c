import { datasets } from '@sluice/datasets';
import { z } from 'zod';

// A shard's rates: https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html
const shardRecordsPerSecond = 1000;
const shardBytesPerSecond = 1024 * 1024;
/** All that read a shard without a fan-out of their own share it. */
const shardReadBytesPerSecond = 2 * 1024 * 1024;

const HOUR = 60 * 60;

interface Load {
  /** As Kinesis counts them: aggregated ones are one. */
  readonly recordsPerSecond: number;
  /** Of data and partition keys, at the busiest second. */
  readonly bytesPerSecond: number;
}

/**
 * How many shards take a load, if the partition keys spread it evenly: a key that is busier than a shard is not helped by
 * more of them. `sharedReaders` each read all of it.
 */
export const shardsFor = ({ recordsPerSecond, bytesPerSecond }: Load, sharedReaders: number): number =>
  Math.max(
    1,
    Math.ceil(recordsPerSecond / shardRecordsPerSecond),
    Math.ceil(bytesPerSecond / shardBytesPerSecond),
    Math.ceil((bytesPerSecond * sharedReaders) / shardReadBytesPerSecond),
  );

/** The stream of records. https://docs.aws.amazon.com/kinesis/latest/APIReference/API_CreateStream.html */
export const streamSchema = z.strictObject({
  capacity: z.discriminatedUnion('mode', [
    /** As many shards as it needs; it begins with 4. */
    z.strictObject({ mode: z.literal('on_demand') }),
    z.strictObject({
      mode: z.literal('provisioned'),
      /** One call cannot make it more: https://docs.aws.amazon.com/kinesis/latest/APIReference/API_UpdateShardCount.html */
      shards: z.int().min(1).max(10_000),
      /** What they have to take. Less than `shardsFor` says is refused. */
      load: z.strictObject({
        recordsPerSecond: z.number().gt(0),
        bytesPerSecond: z.number().gt(0),
      }),
    }),
  ]),
  /** How long records can be read again. Beyond a day each hour costs. */
  retentionHours: z.int().min(24).max(8760),
  /** How a record's dataset is known: all are of one, or a key of each record names it. */
  records: z.union([
    z.strictObject({ dataset: z.string() }),
    z.strictObject({
      datasetField: z.string().regex(/^_[a-z][a-z0-9_]*$/, 'a key that reads like _dataset'),
    }),
  ]),
});

/** From the stream to ingest-stream. https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html */
export const ingestSchema = z.strictObject({
  /** Records that one invocation takes at most. Lambda ends a batch at 6 MB, too. */
  batchSize: z.int().min(1).max(10_000),
  /** How long Lambda waits to fill a batch: each batch is an object for each of its datasets, and objects cost. */
  batchWindowSeconds: z.int().min(0).max(300),
  /**
   * Batches of one shard at once. At 1 a record that is delivered twice is written once, however its batches were cut.
   * Above 1 batches of a shard interleave, and that holds only for a batch that comes again as it was.
   */
  parallelizationFactor: z.int().min(1).max(10),
  /** A batch that failed is halved, until what fails is alone. */
  bisectOnError: z.boolean(),
  /** Older records are not even tried, but reported as dead letters; -1: all are tried. */
  maxRecordAgeSeconds: z.union([z.literal(-1), z.int().min(60).max(604_800)]),
  /** After so many tries a batch is given up, and reported as a dead letter; -1: never. Halving is not counted. */
  maxRetries: z.union([z.literal(-1), z.int().min(0).max(10_000)]),
  /** Where a mapping begins that has read nothing yet. TRIM_HORIZON misses nothing that was sent before it was ready. */
  startingPosition: z.enum(['TRIM_HORIZON', 'LATEST']),
});

// Of an account and region: https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
const apiRequestsPerSecond = 10_000;
const apiBurst = 5000;

/** The longest that an HTTP API waits: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html */
const apiSeconds = 30;

const origin = z.string().regex(/^https:\/\/[a-z0-9.-]+(:\d+)?$/, 'an origin reads like https://example.com');

/** The HTTP API in front of the stream. */
export const apiSchema = z.strictObject({
  /** For each route; what is beyond it is answered 429. */
  throttle: z.strictObject({
    requestsPerSecond: z.int().min(1).max(apiRequestsPerSecond),
    burst: z.int().min(1).max(apiBurst),
  }),
  /** Who may call: principals of this account that IAM allows to, or bearers of a token. */
  authorizer: z.discriminatedUnion('type', [
    z.strictObject({ type: z.literal('iam') }),
    z.strictObject({
      type: z.literal('jwt'),
      /** Without the path `/.well-known/openid-configuration`, which must answer below it. */
      issuer: z.url({ protocol: /^https$/, error: 'an issuer reads like https://example.com' }),
      /** A token has to be for one of them. */
      audience: z.array(z.string().min(1)).min(1),
    }),
  ]),
  /** Pages that browsers let call it; null: none. */
  cors: z.strictObject({ origins: z.array(origin).min(1) }).nullable(),
});

interface StreamSettings {
  readonly stream: z.output<typeof streamSchema>;
  readonly ingest: z.output<typeof ingestSchema>;
  readonly api: z.output<typeof apiSchema> | null;
  readonly lambda: {
    readonly functions: Readonly<
      Record<'ingestStream' | 'ingestApi', { timeoutSeconds: number; reservedConcurrency: number | null }>
    >;
  };
}

/** What of the settings does not go together: of each the path, and why. `sharedReaders` as for `shardsFor`. */
export const streamFaults = (
  { stream, ingest, api, lambda }: StreamSettings,
  sharedReaders: number,
): { readonly path: readonly string[]; readonly message: string }[] => {
  const faults: { readonly path: readonly string[]; readonly message: string }[] = [];
  const fault = (path: string, message: string): void => {
    faults.push({ path: path.split('.'), message });
  };
  const { capacity, records, retentionHours } = stream;
  const { ingestStream, ingestApi } = lambda.functions;

  if (capacity.mode === 'provisioned') {
    const needed = shardsFor(capacity.load, sharedReaders);
    if (capacity.shards < needed) {
      const { recordsPerSecond, bytesPerSecond } = capacity.load;
      fault(
        'stream.capacity.shards',
        `${recordsPerSecond} records and ${bytesPerSecond} bytes a second need ${needed}`,
      );
    }
    const batches = capacity.shards * ingest.parallelizationFactor;
    const { reservedConcurrency } = ingestStream;
    if (reservedConcurrency !== null && reservedConcurrency < batches) {
      fault(
        'lambda.functions.ingestStream.reservedConcurrency',
        `${capacity.shards} shards and ingest.parallelizationFactor make ${batches} batches at once`,
      );
    }
  }
  if ('dataset' in records) {
    const dataset = datasets.get(records.dataset);
    if (!dataset) fault('stream.records.dataset', 'is no dataset');
    else if (!dataset.source.formats.includes('json')) fault('stream.records.dataset', 'takes no JSON');
    if (api !== null) fault('api', 'posts records of any dataset, and stream.records takes those of one');
  }

  const { maxRecordAgeSeconds: age, maxRetries } = ingest;
  if (age === -1 && maxRetries === -1) {
    fault('ingest.maxRetries', 'a batch that always fails would block its shard until its records expire');
  }
  if (age >= retentionHours * HOUR) {
    fault(
      'ingest.maxRecordAgeSeconds',
      `records expire after ${retentionHours * HOUR}, and a dead letter about them would be of no use`,
    );
  }

  if (api !== null && ingestApi.timeoutSeconds >= apiSeconds) {
    fault('lambda.functions.ingestApi.timeoutSeconds', `an HTTP API waits for ${apiSeconds} seconds`);
  }
  return faults;
};
