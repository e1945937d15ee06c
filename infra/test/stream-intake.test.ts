import { describe, expect, test } from '@jest/globals';
import { dev } from '../src/environments/dev.ts';
import type { Environment } from '../src/environments/environment.ts';
import { prod } from '../src/environments/prod.ts';
import { everythingOn } from './everything-on.ts';
import { at, type Resource, resources, stackOf } from './synthesized.ts';

const ofOne: Environment = {
  ...dev,
  stream: {
    capacity: { mode: 'provisioned', shards: 3, load: { recordsPerSecond: 1500, bytesPerSecond: 2e6 } },
    retentionHours: 48,
    records: { dataset: 'orders' },
  },
  ingest: {
    batchSize: 500,
    batchWindowSeconds: 7,
    parallelizationFactor: 2,
    bisectOnError: true,
    maxRecordAgeSeconds: 3600,
    maxRetries: 5,
    startingPosition: 'LATEST',
  },
  api: null,
};

const one = (environment: Environment, address: string): Resource => {
  const found = resources(stackOf(environment)).find((each) => each.address === address);
  if (!found) throw new Error(`no ${address}`);
  return found;
};
const mappingOf = (environment: Environment) =>
  one(environment, 'aws_lambda_event_source_mapping.stream_intake_records').body;
const streamOf = (environment: Environment) => one(environment, 'aws_kinesis_stream.stream_stream').body;
const variablesOf = (environment: Environment) =>
  at(
    one(environment, 'aws_lambda_function.stream_intake_ingest_stream_function').body,
    'environment',
    'variables',
  );

describe('the stream', () => {
  test('has the shards that were asked for', () => {
    expect(streamOf(ofOne)).toMatchObject({
      name: 'sluice-dev-records',
      stream_mode_details: { stream_mode: 'PROVISIONED' },
      shard_count: 3,
      retention_period: 48,
    });
  });

  test('counts its own shards on demand', () => {
    expect(streamOf(prod)).toMatchObject({ stream_mode_details: { stream_mode: 'ON_DEMAND' } });
    expect(streamOf(prod).shard_count).toBeUndefined();
  });
});

describe('ingest-stream', () => {
  test('gets batches as the environment says', () => {
    expect(mappingOf(ofOne)).toMatchObject({
      event_source_arn: `\${aws_kinesis_stream.stream_stream.arn}`,
      function_name: `\${aws_lambda_function.stream_intake_ingest_stream_function.arn}`,
      batch_size: 500,
      maximum_batching_window_in_seconds: 7,
      parallelization_factor: 2,
      bisect_batch_on_function_error: true,
      maximum_record_age_in_seconds: 3600,
      maximum_retry_attempts: 5,
      starting_position: 'LATEST',
    });
  });

  test('reads as a consumer of its own where the environment pays for one', () => {
    expect(mappingOf(everythingOn).event_source_arn).toBe(
      `\${aws_kinesis_stream_consumer.stream_consumer.arn}`,
    );
  });

  test('knows of how many batches of a shard there are at once', () => {
    expect(variablesOf(ofOne)).toMatchObject({ PARALLELIZATION_FACTOR: '2' });
  });

  test('takes all records for those of one dataset, or looks into each', () => {
    expect(variablesOf(ofOne)).toMatchObject({ DATASET: 'orders' });
    expect(Object.keys(variablesOf(ofOne) ?? {})).not.toContain('DATASET_FIELD');
    expect(variablesOf(dev)).toMatchObject({ DATASET_FIELD: '_dataset' });
    expect(Object.keys(variablesOf(dev) ?? {})).not.toContain('DATASET');
  });

  test('is found by nobody over HTTP where there is no API', () => {
    const types = new Set(resources(stackOf(ofOne)).map(({ type }) => type));
    expect([...types].filter((type) => /^aws_(apigatewayv2_|lambda_permission)/.test(type))).toEqual([]);
    expect(stackOf(ofOne)).not.toHaveProperty('output.api_url');
  });
});
