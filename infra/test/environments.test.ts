import { describe, expect, test } from '@jest/globals';
import { dev } from '../src/environments/dev.ts';
import { checkEnvironment, type Environment } from '../src/environments/environment.ts';
import { environmentNamed, environments } from '../src/environments/index.ts';
import { prod } from '../src/environments/prod.ts';
import { staging } from '../src/environments/staging.ts';
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
