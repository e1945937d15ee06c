import { datasets } from '@sluice/datasets';
import { rowKeyFault } from '@sluice/record-schema';
import { checkMapSettings } from '@sluice/workflows/plan';
import { z } from 'zod';
import { emrServerlessSchema, sparkSchema } from './spark.ts';
import { apiSchema, ingestSchema, streamFaults, streamSchema } from './stream.ts';
import { networkFault } from './subnets.ts';

// Everything that differs between environments, and nothing else. Each environment is one complete literal: no defaults
// here, and no merging of half-objects. Limits of the services are checked here, so that what AWS would refuse after
// ten minutes of `terraform apply` is refused before anything is synthesized.

const DAYS = z.int().min(1);

/** The days that CloudWatch Logs takes: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html */
const logDays = z.literal([
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
]);

/** One Lambda's size. https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const functionSize = z.strictObject({
  memoryMb: z.int().min(128).max(10_240),
  timeoutSeconds: z.int().min(1).max(900),
  /** The function's own disk, `/tmp`. */
  ephemeralMb: z.int().min(512).max(10_240),
  /** So many run at once, and no other function can take their place; null: they share the account's pool. */
  reservedConcurrency: z.int().min(1).nullable(),
});
export type FunctionSize = z.output<typeof functionSize>;

/** `cron(…)`, in UTC: https://docs.aws.amazon.com/glue/latest/dg/monitor-data-warehouse-schedule.html */
const schedule = z.string().regex(/^cron\(.+\)$/, 'a schedule is cron(…)');

const emailAddress = z.email();

/** The ARN of a role or user; a session's, `arn:aws:sts::…:assumed-role/…`, is gone in an hour. */
const principal = z
  .string()
  .regex(/^arn:[a-z-]+:iam::\d{12}:(role|user)\/.+$/, 'reads like arn:aws:iam::123456789012:role/analyst');

const MIB = 1024 * 1024;

/**
 * What `collect-map-run` needs on its disk. Of each row 16 bytes, and a Distributed Map reads 100 million rows at most:
 * 1,526 MB. Of accepted rows two files of at most 512 MiB of lines at a time, with Parquet and DuckDB's spill beside them:
 * 1,500 MB. Quarantined rows stay until the end, as long as they are with the names of their columns: what is
 * beyond this is for them. https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html
 */
const collectMb = 4096;

/**
 * AWS redrives for 14 days from an execution's end, and one of csv-map lasts a day at most.
 * https://docs.aws.amazon.com/step-functions/latest/apireference/API_RedriveExecution.html
 */
const redriveDays = 15;

const environmentSchema = z
  .strictObject({
    name: z.enum(['dev', 'staging', 'prod']),
    region: z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'a region reads like eu-central-1'),
    /** Every resource's name begins with it. */
    namePrefix: z.string().regex(/^[a-z][a-z0-9-]*[a-z0-9]$/, 'lower-case letters, digits and -'),
    /** On every resource, besides `Project`, `Environment`, `Lake` and `ManagedBy`. */
    tags: z.record(z.string(), z.string()),
    /** Terraform refuses to destroy what holds data; nothing is emptied on the way. */
    protected: z.boolean(),

    lambda: z.strictObject({
      /** Decides which build of DuckDB is bundled. */
      architecture: z.enum(['arm64', 'x86_64']),
      functions: z.strictObject({
        ingestStream: functionSize,
        ingestApi: functionSize,
        startPipeline: functionSize,
        validateObject: functionSize,
        scoreQuality: functionSize,
        transformObject: functionSize,
        publishRun: functionSize,
        processRows: functionSize,
        recordFailedRows: functionSize,
        collectMapRun: functionSize,
      }),
    }),

    stream: streamSchema,
    ingest: ingestSchema,
    /** null: records come by the stream and as files only. */
    api: apiSchema.nullable(),

    /** From the raw zone's bucket to the state machine. */
    intake: z.strictObject({
      /** Messages that one invocation of start-pipeline takes. */
      batchSize: z.int().min(1).max(10_000),
      /** How long Lambda waits to fill a batch. */
      batchWindowSeconds: z.int().min(0).max(300),
      /** Invocations at once. https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html */
      maxConcurrency: z.int().min(2).max(1000),
      /** After so many tries a message goes to the dead-letter queue. */
      maxReceives: z.int().min(1).max(1000),
    }),

    transform: z.strictObject({
      /** Objects up to this size are transformed in a Lambda. Larger CSV goes through csv-map, anything else to Spark. */
      lambdaMaxBytes: z.int().min(MIB),
    }),

    spark: sparkSchema,

    /** How csv-map cuts an object into batches, and how many it works on. `checkMapSettings` knows the limits. */
    map: z.strictObject({
      executionType: z.enum(['STANDARD', 'EXPRESS']),
      maxItemsPerBatch: z.number(),
      maxInputBytesPerBatch: z.number(),
      /** Batches of one object at once; 0: as many as Step Functions runs. */
      maxConcurrency: z.number(),
      /** Of the rows: how many may be in batches that could not even be recorded as failed. */
      toleratedFailurePercentage: z.number(),
    }),

    discovery: z.strictObject({
      checkSeconds: z.int().min(5).max(3600),
      maxChecks: z.int().min(1).max(1000),
      /** When crawlers look at the raw zone on their own; null: only when a run asks. */
      schedule: schedule.nullable(),
    }),

    retention: z.strictObject({
      logDays,
      /** Raw objects go to Standard-IA, which takes no object younger than 30 days. */
      rawInfrequentAccessDays: z.int().min(30).nullable(),
      /** Raw objects go to Glacier Flexible Retrieval. */
      rawArchiveDays: DAYS.nullable(),
      /** Raw objects are deleted; null: never. */
      rawExpireDays: DAYS.nullable(),
      /** What runs stage, and what Map Runs say of their batches: a redrive needs both. */
      stagingDays: z.int().min(redriveDays, 'AWS redrives for 14 days what may have run for one'),
      noncurrentVersionDays: DAYS,
      accessLogDays: DAYS,
      queryResultDays: DAYS,
    }),

    athena: z.strictObject({
      /** A query that would scan more is stopped. Athena's least is 10 MB. */
      maxScannedBytes: z.int().min(10_000_000),
    }),

    alarms: z.strictObject({
      /** Whom alarms and refused objects are mailed to; each has to confirm once. */
      emails: z.array(emailAddress),
      /** The oldest message waits longer than this. */
      queueAgeSeconds: z.int().min(60),
      /** A dataset's mean score in an hour is below this. */
      qualityScore: z.number().min(0).max(100),
      /** A function runs longer than this share of its timeout. */
      durationShare: z.number().gt(0).lt(1),
      /** A record waits longer than this in the stream. */
      iteratorAgeSeconds: z.int().min(60),
      /** Of an hour's records of the stream a larger share cannot be read. */
      unreadableShare: z.number().gt(0).lt(1),
      /** Of the API's requests a larger share is answered 4xx. */
      apiRefusedShare: z.number().gt(0).lt(1),
      /** The slowest of a hundred requests takes longer. */
      apiLatencyMs: z.int().min(1),
      /** Of the disks or the memory of a Spark job's workers a larger share is used. */
      sparkUsedShare: z.number().gt(0).lt(1),
    }),

    /** What costs money or concerns the whole account: null is off. */
    optIns: z.strictObject({
      /** Lambdas in private subnets that reach AWS through endpoints only. */
      privateNetwork: z
        .strictObject({
          /** All of its addresses, shared out evenly among the zones. */
          cidr: z.cidrv4(),
          /** Of the region: `a`, `b`, … */
          zones: z.array(z.string().regex(/^[a-f]$/)).min(2),
          flowLogDays: logDays,
        })
        .nullable(),
      /** GuardDuty with its protection of S3. There is one detector in an account and region. */
      threatDetection: z.strictObject({}).nullable(),
      /** Lake Formation: analysts see every column but those of personal data. */
      columnGrants: z
        .strictObject({
          /** They administer the lake's permissions; whoever applies must be among them. They replace the account's. */
          administrators: z.array(principal).min(1),
          /** They read the published tables without the columns of personal data. */
          analysts: z.array(principal).min(1),
        })
        .nullable(),
      /** CloudTrail's record of who read and wrote which object. */
      auditTrail: z.strictObject({ days: DAYS }).nullable(),
      /** A mail when the month's costs reach 80 % and 100 % of it, and when they are forecast to. */
      budget: z.strictObject({ monthlyUsd: z.number().gt(0) }).nullable(),
      /** ingest-stream has 2 MB/s of each shard for itself, and shares with no other reader. By the hour and the byte. */
      enhancedFanOut: z.strictObject({}).nullable(),
      /** A DynamoDB table that gets csv-map's accepted rows, too. */
      rowTable: z
        .strictObject({
          /** Of each dataset whose rows go there the published, required column that is their key. */
          keys: z
            .record(z.string(), z.string())
            .refine((keys) => Object.keys(keys).length > 0, 'names no dataset'),
        })
        .nullable(),
      /** Every record of the stream as it came, besides, kept like raw objects. */
      streamArchive: z
        .strictObject({
          /** Firehose writes an object as soon as it has so much, before packing: https://docs.aws.amazon.com/firehose/latest/APIReference/API_BufferingHints.html */
          bufferMb: z.int().min(1).max(128),
          /** Or after so long. */
          bufferSeconds: z.int().min(0).max(900),
        })
        .nullable(),
      /** Spark runs on EMR Serverless instead of Glue, within these bounds. */
      emrServerless: emrServerlessSchema.nullable(),
    }),
  })
  .superRefine((environment, context) => {
    const fault = (path: readonly string[], message: string): void =>
      context.addIssue({ code: 'custom', path: [...path], message });
    const { namePrefix, retention, intake, lambda, transform, optIns } = environment;

    // `<prefix>-access-logs-<12 digits>`, the longest name of a bucket: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
    const longest = `${namePrefix}-access-logs-000000000000`.length;
    if (longest > 63) fault(['namePrefix'], `makes bucket names of ${longest} characters, S3 takes 63`);

    const { rawInfrequentAccessDays: cool, rawArchiveDays: cold, rawExpireDays: gone } = retention;
    const order = [cool, cold, gone].filter((days) => days !== null);
    if (order.some((days, index) => index > 0 && days <= (order[index - 1] ?? 0))) {
      fault(
        ['retention'],
        'raw objects go to infrequent access, then to the archive, then expire, in this order',
      );
    }

    if (environment.alarms.iteratorAgeSeconds <= environment.ingest.batchWindowSeconds) {
      fault(
        ['alarms', 'iteratorAgeSeconds'],
        `records wait for ${environment.ingest.batchWindowSeconds} while all is well: ingest.batchWindowSeconds`,
      );
    }
    const sharedReaders = (optIns.enhancedFanOut === null ? 1 : 0) + (optIns.streamArchive === null ? 0 : 1);
    for (const { path, message } of streamFaults(environment, sharedReaders)) fault(path, message);

    if (environment.spark.lateMinutes >= environment.spark.timeoutMinutes) {
      fault(
        ['spark', 'lateMinutes'],
        `a run that takes ${environment.spark.timeoutMinutes} minutes is stopped: spark.timeoutMinutes`,
      );
    }

    // ingest-stream looks into what it has written, for as long as records can come again.
    const { retentionHours } = environment.stream;
    if (cold !== null && cold * 24 <= retentionHours) {
      fault(
        ['retention', 'rawArchiveDays'],
        `records of the stream can come again for ${retentionHours} hours`,
      );
    }

    // https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
    if (intake.batchSize > 10 && intake.batchWindowSeconds === 0) {
      fault(['intake', 'batchSize'], 'more than 10 messages need a batchWindowSeconds of at least 1');
    }
    // A message that is received and cannot be handed over counts as tried: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
    const { reservedConcurrency } = lambda.functions.startPipeline;
    if (reservedConcurrency !== null && reservedConcurrency < intake.maxConcurrency) {
      fault(
        ['intake', 'maxConcurrency'],
        `startPipeline has a reservedConcurrency of ${reservedConcurrency} only`,
      );
    }

    const { scoreQuality, transformObject, collectMapRun } = lambda.functions;
    for (const [name, size] of Object.entries({ scoreQuality, transformObject, collectMapRun })) {
      if (size.memoryMb >= 1024) continue;
      fault(['lambda', 'functions', name, 'memoryMb'], 'DuckDB and the process around it need 1024');
    }
    // The object itself, DuckDB's spill and the staged rows share the disk.
    const neededMb = (3 * transform.lambdaMaxBytes) / MIB;
    for (const [name, { ephemeralMb }] of Object.entries({ scoreQuality, transformObject })) {
      if (ephemeralMb >= neededMb) continue;
      fault(
        ['lambda', 'functions', name, 'ephemeralMb'],
        `an object of transform.lambdaMaxBytes needs ${Math.ceil(neededMb)}: itself, the spilled and the staged rows`,
      );
    }

    if (collectMapRun.ephemeralMb < collectMb) {
      fault(
        ['lambda', 'functions', 'collectMapRun', 'ephemeralMb'],
        `an object of csv-map needs ${collectMb}: the hashes of 100 million rows, and the rows in hand`,
      );
    }
    for (const message of checkMapSettings(environment)) fault([], message);

    if (optIns.privateNetwork !== null) {
      const { cidr, zones } = optIns.privateNetwork;
      const path = ['optIns', 'privateNetwork'];
      if (new Set(zones).size < zones.length) fault([...path, 'zones'], 'names a zone twice');
      const reason = networkFault(cidr, zones.length);
      if (reason !== null) fault([...path, 'cidr'], reason);
    }

    for (const [name, column] of Object.entries(optIns.rowTable?.keys ?? {})) {
      const dataset = datasets.get(name);
      const reason = dataset ? rowKeyFault(dataset, column) : 'is no dataset';
      if (reason !== null) fault(['optIns', 'rowTable', 'keys', name], reason);
    }

    const { administrators = [], analysts = [] } = optIns.columnGrants ?? {};
    for (const analyst of analysts.filter((arn) => administrators.includes(arn))) {
      fault(['optIns', 'columnGrants', 'analysts'], `${analyst} is an administrator, who may see everything`);
    }
    if (new Set(analysts).size < analysts.length) {
      fault(['optIns', 'columnGrants', 'analysts'], 'names somebody twice');
    }
  });

/** A complete configuration of one environment. */
export type Environment = z.output<typeof environmentSchema>;

/** Throws one line that names the environment and everything that is missing, unknown or out of bounds. */
export const checkEnvironment = (environment: Environment): Environment => {
  const parsed = environmentSchema.safeParse(environment, {
    error: ({ input }) => (input === undefined ? 'is missing' : undefined),
  });
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(({ path, message }) =>
    [path.join('.'), message].filter(Boolean).join(': '),
  );
  throw new Error(
    `The environment ${JSON.stringify(environment.name)} cannot be synthesized. ${faults.join('; ')}.`,
  );
};
