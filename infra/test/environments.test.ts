import { describe, expect, test } from '@jest/globals';
import { dev } from '../src/environments/dev.ts';
import { checkEnvironment, type Environment } from '../src/environments/environment.ts';
import { environmentNamed, environments } from '../src/environments/index.ts';
import { prod } from '../src/environments/prod.ts';
import { staging } from '../src/environments/staging.ts';
import { shardsFor } from '../src/environments/stream.ts';
import { everythingOn } from './everything-on.ts';

test('dev, staging and prod are there', () => {
  expect(environments).toEqual([dev, staging, prod]);
});

test.each([...environments])('$name is complete', (environment) => {
  expect(checkEnvironment(environment)).toEqual(environment);
});

test('prod with all opt-ins is complete', () => {
  expect(checkEnvironment(everythingOn)).toEqual(everythingOn);
  expect(Object.values(everythingOn.optIns)).not.toContain(null);
});

test('no two environments can take the place of one another', () => {
  const prefixes = environments.map(({ namePrefix }) => namePrefix);
  expect(new Set(prefixes).size).toBe(prefixes.length);
});

test('prod alone is protected', () => {
  expect(environments.filter((environment) => environment.protected)).toEqual([prod]);
});

test('an environment is found by its name', () => {
  expect(environmentNamed('staging')).toEqual(staging);
});

test('an unknown name is answered with those that there are', () => {
  expect(() => environmentNamed('qa')).toThrow(
    new Error('There is no environment "qa"; there are dev, staging, prod.'),
  );
});

/** Everything on, but with another value at a path; undefined takes it away. */
const changed = (path: string, value: unknown): Environment => {
  const copy = structuredClone(everythingOn);
  const keys = path.split('.');
  const last = keys.pop() ?? path;
  const parent = keys.reduce<object>((at, key) => Reflect.get(at, key), copy);
  if (value === undefined) Reflect.deleteProperty(parent, last);
  else Reflect.set(parent, last, value);
  return copy;
};

/** A change that makes an environment impossible, and what is said of which path. */
type Mistake = readonly [what: string, change: string, value: unknown, says: string];

const mistakes: readonly Mistake[] = [
  ['a missing threshold', 'alarms.qualityScore', undefined, 'alarms.qualityScore: is missing'],
  ['a missing part', 'retention', undefined, 'retention: is missing'],
  ['an opt-in that was forgotten', 'optIns.auditTrail', undefined, 'optIns.auditTrail: is missing'],
  ['an unknown opt-in', 'optIns.teleport', {}, 'optIns: Unrecognized key: "teleport"'],
  ['a setting that nobody knows', 'lambda.memory', 1, 'lambda: Unrecognized key: "memory"'],
  ['a number as text', 'alarms.qualityScore', '80', 'alarms.qualityScore: Invalid input'],
  ['a share as a percentage', 'alarms.durationShare', 80, 'alarms.durationShare: Too big'],
  [
    'too few shards for the load',
    'stream.capacity',
    { mode: 'provisioned', shards: 3, load: { recordsPerSecond: 3001, bytesPerSecond: 1 } },
    'stream.capacity.shards: 3001 records and 1 bytes a second need 4',
  ],
  [
    'too few shards for what reads them beside',
    'stream.capacity',
    { mode: 'provisioned', shards: 1, load: { recordsPerSecond: 1, bytesPerSecond: 2 * 1024 * 1024 } },
    'stream.capacity.shards: 1 records and 2097152 bytes a second need 2',
  ],
  [
    'more shards than ingest-stream may work on at once',
    'stream.capacity',
    { mode: 'provisioned', shards: 26, load: { recordsPerSecond: 1, bytesPerSecond: 1 } },
    'lambda.functions.ingestStream.reservedConcurrency: 26 shards and ingest.parallelizationFactor make 26',
  ],
  [
    'shards that are counted where Kinesis counts them itself',
    'stream.capacity',
    { mode: 'on_demand', shards: 4 },
    'stream.capacity: Unrecognized key: "shards"',
  ],
  [
    'records that expire within a day',
    'stream.retentionHours',
    23,
    'stream.retentionHours: Too small: expected number to be >=24',
  ],
  [
    'a key of records that datasets could have themselves',
    'stream.records.datasetField',
    'dataset',
    'stream.records.datasetField: a key that reads like _dataset',
  ],
  [
    'a stream of one dataset behind an API for all',
    'stream.records',
    { dataset: 'orders' },
    'api: posts records of any dataset, and stream.records takes those of one',
  ],
  ['a batch of too many records', 'ingest.batchSize', 10_001, 'ingest.batchSize: Too big'],
  ['a wait longer than Lambda has', 'ingest.batchWindowSeconds', 301, 'ingest.batchWindowSeconds: Too big'],
  [
    'more batches of a shard at once',
    'ingest.parallelizationFactor',
    11,
    'ingest.parallelizationFactor: Too',
  ],
  ['an age below a minute', 'ingest.maxRecordAgeSeconds', 59, 'ingest.maxRecordAgeSeconds: Too small'],
  ['more tries than Lambda counts', 'ingest.maxRetries', 10_001, 'ingest.maxRetries: Too big'],
  [
    'a dead letter about records that have expired',
    'ingest.maxRecordAgeSeconds',
    24 * 3600,
    'ingest.maxRecordAgeSeconds: records expire after 86400',
  ],
  [
    'raw objects out of reach while their records can come again',
    'stream.retentionHours',
    8760,
    'retention.rawArchiveDays: records of the stream can come again for 8760 hours',
  ],
  [
    'a place in the stream that is none',
    'ingest.startingPosition',
    'NOW',
    'ingest.startingPosition: Invalid',
  ],
  [
    'an answer that the API does not wait for',
    'lambda.functions.ingestApi.timeoutSeconds',
    30,
    'lambda.functions.ingestApi.timeoutSeconds: an HTTP API waits for 30 seconds',
  ],
  [
    'more requests than an account has',
    'api.throttle.requestsPerSecond',
    10_001,
    'api.throttle.requestsPerSecond: Too big',
  ],
  [
    'tokens of an issuer without TLS',
    'api.authorizer',
    { type: 'jwt', issuer: 'http://example.com', audience: ['sluice'] },
    'api.authorizer.issuer: an issuer reads like https://example.com',
  ],
  [
    'tokens for anybody',
    'api.authorizer',
    { type: 'jwt', issuer: 'https://example.com', audience: [] },
    'api.authorizer.audience: Too small',
  ],
  ['an API that asks nobody', 'api.authorizer', { type: 'none' }, 'api.authorizer.type: Invalid'],
  ['an API for every page', 'api.cors', { origins: ['*'] }, 'api.cors.origins.0: an origin reads like'],
  [
    'a batch over what Lambda takes',
    'intake',
    { ...dev.intake, batchSize: 10_001, batchWindowSeconds: 5 },
    'intake.batchSize: Too big: expected number to be <=10000',
  ],
  [
    'a large batch that is not waited for',
    'intake',
    { ...dev.intake, batchSize: 11, batchWindowSeconds: 0 },
    'intake.batchSize: more than 10 messages need a batchWindowSeconds of at least 1',
  ],
  [
    'more at once than start-pipeline may run',
    'intake.maxConcurrency',
    26,
    'intake.maxConcurrency: startPipeline has a reservedConcurrency of 25 only',
  ],
  [
    'more than a Lambda can have',
    'lambda.functions.publishRun.memoryMb',
    10_241,
    'lambda.functions.publishRun.memoryMb: Too big',
  ],
  [
    'a Lambda that runs too long',
    'lambda.functions.publishRun.timeoutSeconds',
    901,
    'lambda.functions.publishRun.timeoutSeconds: Too big',
  ],
  [
    'too little memory for DuckDB',
    'lambda.functions.scoreQuality.memoryMb',
    512,
    'lambda.functions.scoreQuality.memoryMb: DuckDB and the process around it need 1024',
  ],
  [
    'too little disk for the largest object',
    'lambda.functions.transformObject.ephemeralMb',
    3071,
    'lambda.functions.transformObject.ephemeralMb: an object of transform.lambdaMaxBytes needs 3072',
  ],
  [
    'rows of no dataset',
    'optIns.rowTable',
    { keys: { flights: 'id' } },
    'optIns.rowTable.keys.flights: is no dataset',
  ],
  ['a table for no rows', 'optIns.rowTable', { keys: {} }, 'optIns.rowTable.keys: names no dataset'],
  [
    'rows by a column that may be null',
    'optIns.rowTable',
    { keys: { airports: 'city' } },
    'optIns.rowTable.keys.airports: airports has no published, required column city to be its key',
  ],
  [
    'too little disk for the hashes of a large object',
    'lambda.functions.collectMapRun.ephemeralMb',
    2048,
    'lambda.functions.collectMapRun.ephemeralMb: an object of csv-map needs 4096',
  ],
  [
    'too little memory for what writes the Parquet of csv-map',
    'lambda.functions.collectMapRun.memoryMb',
    512,
    'lambda.functions.collectMapRun.memoryMb: DuckDB and the process around it need 1024',
  ],
  [
    'more batches at once than a Map Run has',
    'map.maxConcurrency',
    10_001,
    'map.maxConcurrency is 10001; a map run has at most 10,000 children (https://',
  ],
  [
    'a batch that leaves no room in a payload',
    'map.maxInputBytesPerBatch',
    256 * 1024,
    'map.maxInputBytesPerBatch is 262144; more than 225280 leave no room',
  ],
  ['a batch of nothing', 'map.maxItemsPerBatch', 0, 'map.maxItemsPerBatch is 0; it is a whole number'],
  [
    'more batches at once than their function may run',
    'lambda.functions.processRows.reservedConcurrency',
    100,
    'map.maxConcurrency is 500, and lambda.functions.processRows.reservedConcurrency only 100',
  ],
  ['children of another kind', 'map.executionType', 'FAST', 'map.executionType: Invalid option'],
  [
    'staged rows that are gone when a run is redriven',
    'retention.stagingDays',
    14,
    'retention.stagingDays: AWS redrives for 14 days what may have run for one',
  ],
  ['a retention that CloudWatch does not take', 'retention.logDays', 31, 'retention.logDays: Invalid'],
  [
    'infrequent access sooner than S3 allows',
    'retention.rawInfrequentAccessDays',
    29,
    'retention.rawInfrequentAccessDays: Too small',
  ],
  [
    'an archive before infrequent access',
    'retention.rawArchiveDays',
    30,
    'retention: raw objects go to infrequent access, then to the archive, then expire, in this order',
  ],
  [
    'a prefix too long for S3',
    'namePrefix',
    'a'.repeat(39),
    'namePrefix: makes bucket names of 64 characters, S3 takes 63',
  ],
  ['a prefix that S3 refuses', 'namePrefix', 'Sluice', 'namePrefix: lower-case letters, digits and -'],
  ['a place that is no region', 'region', 'Frankfurt', 'region: a region reads like eu-central-1'],
  [
    'an alarm that is always on',
    'alarms.iteratorAgeSeconds',
    60,
    'alarms.iteratorAgeSeconds: records wait for 60 while all is well: ingest.batchWindowSeconds',
  ],
  [
    'an archive that waits for longer than Firehose does',
    'optIns.streamArchive.bufferSeconds',
    901,
    'optIns.streamArchive.bufferSeconds: Too big',
  ],
  [
    'an archive in larger objects than Firehose makes',
    'optIns.streamArchive.bufferMb',
    129,
    'optIns.streamArchive.bufferMb: Too big',
  ],
  ['an address that is none', 'alarms.emails', ['us'], 'alarms.emails.0: Invalid email address'],
  ['a schedule that Glue does not read', 'discovery.schedule', 'daily', 'discovery.schedule: a schedule is'],
  [
    'a network in one zone, which one failure takes away',
    'optIns.privateNetwork.zones',
    ['a'],
    'optIns.privateNetwork.zones: Too small',
  ],
  [
    'a zone named twice',
    'optIns.privateNetwork.zones',
    ['a', 'a'],
    'optIns.privateNetwork.zones: names a zone twice',
  ],
  [
    'a network too small for its zones',
    'optIns.privateNetwork.cidr',
    '10.0.0.0/27',
    'optIns.privateNetwork.cidr: has no room for 3 subnets, a /26 has',
  ],
  [
    'a network larger than AWS has',
    'optIns.privateNetwork.cidr',
    '10.0.0.0/15',
    "optIns.privateNetwork.cidr: is larger than AWS's largest network, a /16",
  ],
  [
    'an address in the middle of a network',
    'optIns.privateNetwork.cidr',
    '10.20.1.0/20',
    'optIns.privateNetwork.cidr: is not where a network begins, 10.20.0.0/20 is',
  ],
  [
    'grants that nobody administers',
    'optIns.columnGrants.administrators',
    [],
    'optIns.columnGrants.administrators: Too small',
  ],
  [
    "a session in a role's place",
    'optIns.columnGrants.analysts',
    ['arn:aws:sts::000000000000:assumed-role/analyst/ada'],
    'optIns.columnGrants.analysts.0: reads like arn:aws:iam::123456789012:role/analyst',
  ],
  [
    'an analyst who sees everything',
    'optIns.columnGrants.analysts',
    ['arn:aws:iam::000000000000:role/lake-administrator'],
    'optIns.columnGrants.analysts: arn:aws:iam::000000000000:role/lake-administrator is an administrator',
  ],
  [
    'an analyst named twice',
    'optIns.columnGrants.analysts',
    ['arn:aws:iam::000000000000:role/analyst', 'arn:aws:iam::000000000000:role/analyst'],
    'optIns.columnGrants.analysts: names somebody twice',
  ],
  ['one worker, which drives and has nobody to drive', 'spark.workers', 1, 'spark.workers: Too small'],
  ['workers that Spark has not', 'spark.workerType', 'Z.2X', 'spark.workerType: Invalid option'],
  ['a Spark run that outlives its execution', 'spark.timeoutMinutes', 1201, 'spark.timeoutMinutes: Too big'],
  [
    'a Spark run that is late when it has been stopped',
    'spark.lateMinutes',
    240,
    'spark.lateMinutes: a run that takes 240 minutes is stopped: spark.timeoutMinutes',
  ],
  [
    'an image from anywhere',
    'optIns.emrServerless.imageUri',
    'docker.io/apache/spark:3.5.6',
    'optIns.emrServerless.imageUri: reads like 123456789012.dkr.ecr.',
  ],
  ['a budget of nothing', 'optIns.budget.monthlyUsd', 0, 'optIns.budget.monthlyUsd: Too small'],
  ['a record that is kept for no time', 'optIns.auditTrail.days', 0, 'optIns.auditTrail.days: Too small'],
];

const messageOf = (environment: Environment): string => {
  try {
    checkEnvironment(environment);
  } catch (error) {
    if (error instanceof Error) return error.message;
  }
  return '';
};

describe('a batch that always fails', () => {
  test('may not be tried until its records expire', () => {
    const environment = changed('ingest.maxRetries', -1);
    expect(messageOf(environment)).toBe('');
    environment.ingest.maxRecordAgeSeconds = -1;
    expect(messageOf(environment)).toBe(
      'The environment "prod" cannot be synthesized. ingest.maxRetries: a batch that always fails would block its shard until its records expire.',
    );
  });
});

test('a stream of one dataset, which there is, needs no API', () => {
  const environment = changed('stream.records', { dataset: 'orders' });
  environment.api = null;
  expect(messageOf(environment)).toBe('');
  environment.stream.records = { dataset: 'flights' };
  expect(messageOf(environment)).toContain('stream.records.dataset: is no dataset');
  environment.stream.records = { dataset: 'airports' };
  expect(messageOf(environment)).toContain('stream.records.dataset: takes no JSON');
});

describe('the shards of a load', () => {
  const MIB = 1024 * 1024;
  test.each([
    ['nearly nothing needs one', 1, 1, 1, 1],
    ['a thousand records fit into one', 1000, MIB, 1, 1],
    ['one more does not', 1001, 1, 1, 2],
    ['nor does a byte more than a MiB', 1, MIB + 1, 1, 2],
    ['two readers read as fast as it is written', 1, 4 * MIB, 2, 4],
    ['a third one cannot', 1, 4 * MIB, 3, 6],
    ['a reader with a fan-out of its own counts for nothing', 1, 4 * MIB, 0, 4],
  ])('%s', (_, recordsPerSecond, bytesPerSecond, readers, shards) => {
    expect(shardsFor({ recordsPerSecond, bytesPerSecond }, readers)).toBe(shards);
  });
});

describe('one line names the environment, the setting and what is wrong with it', () => {
  test.each(mistakes)('%s', (_, path, value, says) => {
    const message = messageOf(changed(path, value));
    const start = `The environment "prod" cannot be synthesized. ${says}`;
    expect(message.slice(0, start.length)).toBe(start);
    expect(message).not.toMatch(/\n|; (?=\w+(\.\w+)*:)/);
  });

  test('an unknown environment', () => {
    expect(messageOf(changed('name', 'qa'))).toMatch(
      /^The environment "qa" cannot be synthesized\. name: [^\n]*"dev"\|"staging"\|"prod"\.$/,
    );
  });

  test('two mistakes stand in one line', () => {
    const environment = changed('alarms.qualityScore', undefined);
    Reflect.deleteProperty(environment.athena, 'maxScannedBytes');
    expect(messageOf(environment)).toBe(
      'The environment "prod" cannot be synthesized. athena.maxScannedBytes: is missing; alarms.qualityScore: is missing.',
    );
  });
});
