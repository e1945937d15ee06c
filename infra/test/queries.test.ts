import { describe, expect, test } from '@jest/globals';
import type { Manifest, QualityReport } from '@sluice/step-contracts';
import { assumptions, endings, prices, publishedBySpark, workload } from '@sluice/workflows/plan';
import { z } from 'zod';
import { dev } from '../src/environments/dev.ts';
import { prod } from '../src/environments/prod.ts';
import { inLowerCase, rowsOf, withRuns } from './runs-table.ts';
import { at, resources, stackOf } from './synthesized.ts';

describe('the workgroup', () => {
  const [workgroup] = resources(stackOf(dev), 'aws_athena_workgroup');
  const configuration = at(workgroup?.body, 'configuration');

  test('lets no client choose its own settings', () => {
    expect(at(configuration, 'enforce_workgroup_configuration')).toBe(true);
  });

  test('encrypts results with the key of the data', () => {
    expect(at(configuration, 'result_configuration', 'encryption_configuration')).toEqual({
      encryption_option: 'SSE_KMS',
      kms_key_arn: `\${aws_kms_key.keys_data_key.arn}`,
    });
  });

  test('leaves results where they expire', () => {
    expect(at(configuration, 'result_configuration', 'output_location')).toBe(
      `s3://\${aws_s3_bucket.zones_analytics_bucket.bucket}/query-results/`,
    );
    const lifecycle = resources(stackOf(dev), 'aws_s3_bucket_lifecycle_configuration').find(
      ({ name }) => name === 'zones_analytics_lifecycle',
    );
    expect(lifecycle?.body.rule).toContainEqual(
      expect.objectContaining({ filter: [{ prefix: 'query-results/' }], expiration: [{ days: 7 }] }),
    );
  });

  test.each([dev, prod])('stops what scans too much: $name', (environment) => {
    const [limited] = resources(stackOf(environment), 'aws_athena_workgroup');
    expect(at(limited?.body, 'configuration', 'bytes_scanned_cutoff_per_query')).toBe(
      environment.athena.maxScannedBytes,
    );
  });

  test('is destroyed with its history in dev, and not in prod', () => {
    expect(workgroup?.body.force_destroy).toBe(true);
    const [kept] = resources(stackOf(prod), 'aws_athena_workgroup');
    expect(kept?.body.force_destroy).toBe(false);
  });
});

const queries = resources(stackOf(dev), 'aws_athena_named_query');
const queryNamed = (name: string): string => {
  const found = queries.find(({ body }) => body.name === name);
  if (!found) throw new Error(`there is no query ${name}`);
  return z.string().parse(found.body.query);
};

test('every named query says what it shows, as long as Athena takes it', () => {
  const wordless = queries.filter(({ body }) => !/^[A-Z].{20,1023}$/.test(String(body.description)));
  expect(wordless).toEqual([]);
});

const report = (score: number, rowsIn: number): QualityReport => ({
  profile: {
    rowsIn,
    malformed: 1,
    duplicates: 2,
    columns: [{ name: 'id', type: 'text', nulls: 3, invalid: 4, numericLooking: 5 }],
  },
  verdict: {
    score,
    threshold: 70,
    passed: score >= 70,
    costs: [{ figure: 'nulls', points: 100 - score, because: 'nulls' }],
    findings: [{ level: 'warning', code: 'numbers_as_text', field: 'id', message: 'numbers' }],
    checks: [{ check: 'min_rows', field: 'id', level: 'error', passed: true, actual: 10, allowed: 1.5 }],
  },
});
const input = (runId: string, dataset: string, asOf: string, size: number) => ({
  runId,
  dataset,
  asOf,
  object: { bucket: 'raw', key: `incoming/${dataset}/${runId}.csv`, versionId: 'v1', size, etag: 'e' },
});
const published = (
  run: ReturnType<typeof input>,
  score: number,
  rowsIn: number,
  reasons: { field: string | null; code: string; rows: number }[],
): Extract<Manifest, { status: 'published' }> => ({
  manifestVersion: 1,
  status: 'published',
  ...run,
  format: 'csv',
  engine: 'duckdb',
  counts: {
    rowsIn,
    accepted: rowsIn - 17,
    filtered: [
      { rule: 'recent', rows: 4 },
      { rule: 'active', rows: 3 },
    ],
    duplicates: 6,
    quarantined: 4,
    reasons,
  },
  partition: [{ column: 'process_year', value: 2025 }],
  files: [{ key: 'processed/a.parquet', rows: rowsIn - 17, bytes: 77 }],
  quarantine: { key: `quarantine/${run.dataset}/${run.runId}.jsonl`, rows: 4, bytes: 88 },
  unknownColumns: ['extra'],
  quality: report(score, rowsIn),
});

const first = published(input('orders-1', 'orders', '2025-06-30T23:59:59.999Z', 1_000_000_000), 95, 100, [
  { field: 'amount', code: 'not_a_number', rows: 3 },
  { field: null, code: 'malformed_quote', rows: 1 },
]);
const second = published(input('orders-2', 'orders', '2025-06-30T00:00:00Z', 0), 80, 50, [
  { field: 'amount', code: 'not_a_number', rows: 4 },
]);
const belowThreshold: Manifest = {
  manifestVersion: 1,
  status: 'rejected',
  ...input('orders-3', 'orders', '2025-07-01T00:00:00Z', 2_000_000_000),
  gate: 'quality',
  code: 'quality_below_threshold',
  message: 'score 40, threshold 70',
  quarantined: { bucket: 'curated', key: 'quarantine/orders/objects/o/orders-3.csv' },
  quality: report(40, 1000),
};
const invalid: Manifest = {
  manifestVersion: 1,
  status: 'rejected',
  ...input('penguins-1', 'penguins', '2025-06-30T12:00:00Z', 300),
  gate: 'validation',
  code: 'missing_column',
  message: 'no column Species',
  quarantined: null,
  quality: null,
};
const manifests = [first, second, belowThreshold, invalid];

const withoutNulls = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, inner]) => inner !== null)
      .map(([key, inner]) => [key, withoutNulls(inner)]),
  );
};

test('the table of runs has all that is in a manifest', async () => {
  const rows = await withRuns(manifests, (connection) =>
    rowsOf(connection, 'SELECT to_json(runs) AS whole FROM sluice_dev.runs'),
  );
  const read = rows.map(({ whole }) => withoutNulls(JSON.parse(String(whole))));
  expect(read).toEqual(manifests.map((one) => withoutNulls(inLowerCase(one))));
});

/** The dialects differ in two places: Trino spreads a list of structs over columns, and DuckDB has a word `asof`. */
const inDuckDb = (trino: string): string =>
  trino
    .replaceAll(`"\${aws_glue_catalog_database.catalogue_database.name}"`, 'sluice_dev')
    .replaceAll(/\basof\b/g, '"asof"')
    .replaceAll(
      /CROSS JOIN UNNEST\((.+?)\) AS/g,
      'CROSS JOIN LATERAL (SELECT unnest($1, max_depth := 2)) AS',
    );

const answerTo = (name: string, of: readonly Manifest[] = manifests) =>
  withRuns(of, (connection) => rowsOf(connection, inDuckDb(queryNamed(name))));

describe('run-manifests', () => {
  test('shows the latest run first', async () => {
    const rows = await answerTo('run-manifests');
    expect(rows.map((row) => row.run_id)).toEqual(['orders-3', 'orders-1', 'penguins-1', 'orders-2']);
  });

  test('accounts for every row of a published run', async () => {
    const row = (await answerTo('run-manifests')).find(({ run_id }) => run_id === 'orders-1');
    expect(row).toMatchObject({
      status: 'published',
      rows_in: '100',
      accepted: '83',
      filtered: '7',
      duplicates: '6',
      quarantined: '4',
      score: 95,
      refused_because: null,
      quarantine_key: 'quarantine/orders/orders-1.jsonl',
    });
  });

  test('says why an object was refused, and where it is', async () => {
    const row = (await answerTo('run-manifests')).find(({ run_id }) => run_id === 'orders-3');
    expect(row).toMatchObject({
      status: 'rejected',
      rows_in: '1000',
      accepted: null,
      refused_because: 'score 40, threshold 70',
      quarantine_key: 'quarantine/orders/objects/o/orders-3.csv',
    });
  });
});

test('quality-trend has a line per dataset and day, which names the worst run', async () => {
  const rows = await answerTo('quality-trend');
  const line = { threshold: 70 };
  expect(rows).toEqual([
    {
      ...line,
      dataset: 'orders',
      day: '2025-07-01',
      runs: '1',
      refused: '1',
      scored: '1',
      mean_score: 40,
      worst_score: 40,
      worst_run: 'orders-3',
    },
    {
      ...line,
      dataset: 'orders',
      day: '2025-06-30',
      runs: '2',
      refused: '0',
      scored: '2',
      mean_score: 87.5,
      worst_score: 80,
      worst_run: 'orders-2',
    },
    {
      dataset: 'penguins',
      day: '2025-06-30',
      runs: '1',
      refused: '1',
      scored: '0',
      mean_score: null,
      worst_score: null,
      worst_run: null,
      threshold: null,
    },
  ]);
});

test('rejects-by-reason adds up rows by field and reason, and counts refused objects', async () => {
  const rows = await answerTo('rejects-by-reason');
  expect(rows.map((row) => [row.dataset, row.of_what, row.field, row.code, row.rejected, row.runs])).toEqual([
    ['orders', 'objects', null, 'quality_below_threshold', '1', '1'],
    ['orders', 'rows', 'amount', 'not_a_number', '7', '2'],
    ['orders', 'rows', null, 'malformed_quote', '1', '1'],
    ['penguins', 'objects', null, 'missing_column', '1', '1'],
  ]);
});

describe('cost-of-a-day', () => {
  test('adds up the runs of each day', async () => {
    const rows = await answerTo('cost-of-a-day');
    expect(rows.map(({ day, runs, bytes_in, rows_in }) => [day, runs, bytes_in, rows_in])).toEqual([
      ['2025-07-01', '1', '2000000000', '1000'],
      ['2025-06-30', '3', '1000000300', '150'],
    ]);
  });

  test('prices what a refused object costs', async () => {
    const [row] = await answerTo('cost-of-a-day');
    // start-pipeline 256 MB, validate-object 512, score-quality 2048, publish-run 1024: a second each.
    const gbSeconds = 3.75 + 2_000_000_000 * workload.gbSecondsPerByte;
    const stepFunctions = 11 * 0.000025;
    const lambda = gbSeconds * 0.0000133334 + 4 * 0.0000002;
    const s3 = workload.s3Writes * 0.0000054 + workload.s3Reads * 0.00000043;
    expect(row).toMatchObject({ transitions: '11' });
    expect(row?.gb_seconds).toBeCloseTo(gbSeconds, 2);
    expect(row?.step_functions_usd).toBeCloseTo(stepFunctions, 6);
    expect(row?.lambda_usd).toBeCloseTo(lambda, 6);
    expect(row?.s3_usd).toBeCloseTo(s3, 6);
    expect(row?.usd).toBeCloseTo(stepFunctions + lambda + s3, 6);
  });

  test('prices what Spark takes: workers that come, and then read the object but for the one that drives', async () => {
    const run = input('large', 'orders', '2025-07-02T00:00:00.000Z', 3_000_000_000);
    const [row] = await answerTo('cost-of-a-day', [{ ...published(run, 90, 100, []), engine: 'spark' }]);
    // Two G.1X: a DPU each.
    const seconds = assumptions.sparkStartSeconds + 3_000_000_000 / assumptions.sparkBytesPerDpuSecond;
    expect(row?.spark_usd).toBeCloseTo((2 * seconds * 0.44) / 3600, 6);
    // start-pipeline 256 MB, validate-object 512, score-quality 2048, publish-run 1024: a second each, whatever its size.
    expect(row?.gb_seconds).toBeCloseTo(3.75, 2);
  });

  test('counts the transitions of every way to end', async () => {
    const rows = await answerTo('cost-of-a-day');
    // Two runs were published, one object was not valid.
    expect(rows[1]).toMatchObject({ transitions: String(2 * 11 + 7) });
  });

  test('takes the price of the architecture that the functions have', () => {
    const intel = { ...dev, lambda: { ...dev.lambda, architecture: 'x86_64' as const } };
    const [query] = resources(stackOf(intel), 'aws_athena_named_query').filter(
      ({ body }) => body.name === 'cost-of-a-day',
    );
    expect(query?.body.query).toContain('1.66667E-5 ');
    expect(queryNamed('cost-of-a-day')).not.toContain('1.66667E-5');
  });

  test('has the prices of the region that the environments are in', () => {
    expect([dev.region, prod.region]).toEqual([prices.region, prices.region]);
  });

  const states = z.record(
    z.string(),
    z.looseObject({
      Type: z.string(),
      Next: z.string().optional(),
      Default: z.string().optional(),
      Choices: z.array(z.looseObject({ Next: z.string() })).default([]),
    }),
  );
  const machine = resources(stackOf(dev), 'aws_sfn_state_machine').find(
    ({ body }) => body.name === 'sluice-dev-etl',
  );
  const { StartAt, States } = z
    .object({ StartAt: z.string(), States: states })
    .parse(JSON.parse(String(machine?.body.definition)));

  test.each(Object.entries({ ...endings, publishedBySpark }))(
    'counts states that the state machine goes through: %s',
    (_, ending) => {
      const path: readonly string[] = ending.states;
      const follows = path.map((name, index) => {
        const state = States[name];
        const next = [state?.Next, state?.Default, ...(state?.Choices ?? []).map(({ Next }) => Next)];
        return index === path.length - 1
          ? state?.Type === 'Succeed' || state?.Type === 'Fail'
          : next.includes(path[index + 1]);
      });
      expect(path[0]).toBe(StartAt);
      expect(follows).toEqual(path.map(() => true));
    },
  );
});
