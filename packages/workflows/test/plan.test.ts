import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { csvMapDefinition, etlDefinition, largestBatchBytes } from '../src/index.ts';
import { batchesOf } from '../src/plan/batches.ts';
import { planEnvironments } from '../src/plan/generated/environments.ts';
import {
  checkMapSettings,
  endings,
  estimateCsv,
  itemOverheadBytes,
  type ObjectToPlan,
  type PlanSettings,
  planObject,
  serviceLimits,
} from '../src/plan/index.ts';
import { publishedBySpark } from '../src/plan/prices.ts';
import { csvMapWay, type Step } from '../src/plan/way.ts';

/** With batches that make round figures. */
const dev: PlanSettings = {
  ...planEnvironments.dev,
  map: { ...planEnvironments.dev.map, maxItemsPerBatch: 100 },
};
const KIB = 1024;

const withMap = (map: Partial<PlanSettings['map']>, settings: PlanSettings = dev): PlanSettings => ({
  ...settings,
  map: { ...settings.map, ...map },
});
const withFunction = (
  name: keyof PlanSettings['lambda']['functions'],
  size: Partial<PlanSettings['lambda']['functions']['processRows']>,
  settings: PlanSettings = dev,
): PlanSettings => ({
  ...settings,
  lambda: {
    ...settings.lambda,
    functions: { ...settings.lambda.functions, [name]: { ...settings.lambda.functions[name], ...size } },
  },
});

const csvOf = (
  rows: number,
  meanItemBytes: number,
  others: Partial<ObjectToPlan & NonNullable<ObjectToPlan['csv']>> = {},
): ObjectToPlan => ({
  size: others.size ?? rows * 100,
  format: 'csv',
  compressed: others.compressed ?? false,
  csv: {
    rows,
    columns: 9,
    delimiter: others.delimiter ?? ',',
    headerBytes: others.headerBytes ?? 80,
    meanItemBytes,
    maxItemBytes: others.maxItemBytes ?? meanItemBytes,
  },
});
const million = csvOf(1_000_000, 200);
const csvMap = { workflow: 'csv-map' } as const;

const costOf = (plan: ReturnType<typeof planObject>, what: string, unit: string): number | undefined =>
  plan.costs.find((line) => line.what === what && line.unit === unit)?.usd;

describe('the workflow', () => {
  const sizeOf = (size: number): ObjectToPlan => csvOf(100, 200, { size });
  const limit = dev.transform.lambdaMaxBytes;

  test('is etl on a Lambda up to transform.lambdaMaxBytes', () => {
    expect(planObject(sizeOf(limit), dev)).toMatchObject({ workflow: 'etl', engine: 'duckdb', map: null });
  });

  test('is csv-map for larger CSV', () => {
    expect(planObject(sizeOf(limit + 1), dev)).toMatchObject({ workflow: 'csv-map', engine: 'typescript' });
  });

  test.each([
    ['JSON', { size: limit + 1, format: 'json', compressed: false, csv: null } as const],
    ['gzipped CSV', { ...sizeOf(limit + 1), compressed: true }],
    ['CSV of more than 10 GB', sizeOf(10e9 + 1)],
  ])('is etl on Spark for larger %s', (_what, object) => {
    const plan = planObject(object, dev);
    expect(plan).toMatchObject({ workflow: 'etl', engine: 'spark', warnings: [] });
    expect(plan.durations.map(({ state }) => state)).toContain('RunETLJob');
  });

  test('is whatever is asked for', () => {
    expect(planObject(sizeOf(1000), dev, csvMap).workflow).toBe('csv-map');
    expect(planObject(sizeOf(limit + 1), dev, { workflow: 'etl' }).workflow).toBe('etl');
  });

  test('is what the dataset wants, if nothing else is asked for', () => {
    expect(planObject(sizeOf(1000), dev, { wanted: 'csv-map' }).workflow).toBe('csv-map');
    expect(planObject(sizeOf(limit + 1), dev, { wanted: 'etl' }).workflow).toBe('etl');
    expect(planObject(sizeOf(1000), dev, { wanted: 'csv-map', workflow: 'etl' }).workflow).toBe('etl');
  });

  test('cannot be csv-map without rows of CSV', () => {
    expect(() => planObject({ size: 1, format: 'json', compressed: false, csv: null }, dev, csvMap)).toThrow(
      TypeError,
    );
  });
});

describe('batches', () => {
  test('are cut by items where rows are narrow', () => {
    expect(batchesOf({ rows: 1_000_001, meanItemBytes: 200 }, dev.map)).toMatchObject({
      itemsPerBatch: 100,
      cutBy: 'items',
      children: 10_001,
    });
  });

  test('are cut by bytes where rows are wide', () => {
    // {"row":…,"cells":…} with six digits is 23 bytes more: 11 × 20,024 and under 1 KiB of envelope are within 225,280.
    expect(batchesOf({ rows: 1_000_000, meanItemBytes: 20_000 }, dev.map)).toMatchObject({
      itemsPerBatch: 11,
      cutBy: 'bytes',
      children: 90_910,
    });
  });

  const settings = fc.record({
    maxItemsPerBatch: fc.integer({ min: 1, max: 100_000 }),
    maxInputBytesPerBatch: fc.integer({ min: 1024, max: largestBatchBytes }),
  });
  const rows = fc.record({
    rows: fc.integer({ min: 0, max: 100_000_000 }),
    meanItemBytes: fc.double({ min: 2, max: 300 * KIB, noNaN: true }),
  });

  test('hold every row, and no child is empty', () => {
    fc.assert(
      fc.property(rows, settings, (some, map) => {
        const { children, itemsPerBatch } = batchesOf(some, { ...dev.map, ...map });
        expect(children * itemsPerBatch).toBeGreaterThanOrEqual(some.rows);
        expect((children - 1) * itemsPerBatch).toBeLessThan(Math.max(1, some.rows));
      }),
    );
  });

  test('are over neither limit, unless one row alone is', () => {
    fc.assert(
      fc.property(rows, settings, (some, map) => {
        const { payloadBytes, itemsPerBatch } = batchesOf(some, { ...dev.map, ...map });
        expect(itemsPerBatch).toBeLessThanOrEqual(map.maxItemsPerBatch);
        if (itemsPerBatch > 1) expect(payloadBytes).toBeLessThanOrEqual(map.maxInputBytesPerBatch);
      }),
    );
  });

  test('hold one row more only if that is over a limit', () => {
    fc.assert(
      fc.property(rows, settings, (some, map) => {
        const all = { ...dev.map, ...map };
        const { itemsPerBatch, cutBy } = batchesOf(some, all);
        if (cutBy === 'items') expect(itemsPerBatch).toBe(map.maxItemsPerBatch);
        else {
          const { payloadBytes } = batchesOf(
            { ...some, rows: Math.max(some.rows, itemsPerBatch + 1) },
            { ...all, maxItemsPerBatch: itemsPerBatch },
          );
          expect(payloadBytes + some.meanItemBytes).toBeGreaterThan(map.maxInputBytesPerBatch - 32);
        }
      }),
    );
  });
});

describe('a plan of csv-map', () => {
  const standard = planObject(million, dev, csvMap);
  const express = planObject(million, withMap({ executionType: 'EXPRESS' }), csvMap);

  test('pays two transitions for each standard child, and eleven for the execution', () => {
    expect(standard.transitions).toBe(20_011);
    // 0.025 USD a thousand: https://aws.amazon.com/step-functions/pricing/
    expect(costOf(standard, 'Step Functions, standard', 'state transitions')).toBeCloseTo(0.500275, 9);
  });

  test('pays requests and time of express children, in steps of 100 ms and 64 MB', () => {
    // 0.252 s are billed as 0.3: 10,000 × 0.3 s × 1/16 GB = 187.5 GB-seconds.
    expect(costOf(express, 'Step Functions, express', 'requests')).toBeCloseTo(0.01, 9);
    expect(costOf(express, 'Step Functions, express', 'GB-seconds')).toBeCloseTo(187.5 * 0.00001667, 9);
    expect(express.transitions).toBe(10_011);
  });

  test('pays a request to Lambda and a part in S3 for each child', () => {
    expect(costOf(standard, 'Lambda', 'requests')).toBeCloseTo(10_004 * 0.2e-6, 9);
    expect(costOf(standard, 'S3', 'writes')).toBeCloseTo(10_012 * 5.4e-6, 9);
  });

  test('starts 100 standard children a second, or 1,000 express ones', () => {
    // 10,000 children, and a second for the first start: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
    expect(standard.map).toMatchObject({ children: 10_000, seconds: 101 });
    expect(standard.map?.boundBy).toMatch('100 standard children');
    expect(express.map?.seconds).toBeCloseTo(11, 5);
  });

  test('has no more children at once than map.maxConcurrency, or than Lambda has for them', () => {
    const concurrencyOf = (settings: PlanSettings, objectsAtOnce = 1) =>
      planObject(million, settings, { ...csvMap, objectsAtOnce }).map;
    const fast = withMap({ executionType: 'EXPRESS', maxConcurrency: 0 });
    expect(concurrencyOf(withMap({ maxConcurrency: 7 }))).toMatchObject({
      concurrency: 7,
      boundBy: 'map.maxConcurrency',
    });
    expect(concurrencyOf(withFunction('processRows', { reservedConcurrency: 20 }, fast))).toMatchObject({
      concurrency: 20,
      boundBy: "Lambda's concurrency",
    });
    expect(concurrencyOf(fast, 10)).toMatchObject({ concurrency: 100, boundBy: "Lambda's concurrency" });
  });

  test('takes longer with fewer children at once', () => {
    const few = planObject(million, withMap({ maxConcurrency: 7 }), csvMap);
    // 10,000 children of 0.2517 s, seven at a time.
    expect(few.map?.seconds).toBeCloseTo(1 + (10_000 / 7) * 0.251_727_5, 2);
  });

  test('keeps histories of any object far below their limit', () => {
    expect(standard.history).toEqual({ execution: 38, child: 7, childAtMost: 45 });
    expect(express.history).toMatchObject({ child: null, childAtMost: null });
  });

  test('names what the other type of child would take', () => {
    expect(standard.advice[0]).toContain(
      `STANDARD takes ${standard.usd.toFixed(2)} USD and ${(standard.seconds / 60).toFixed(1)} min`,
    );
    expect(standard.advice[0]).toContain(`EXPRESS ${express.usd.toFixed(2)} USD`);
    expect(express.advice[0]).toBe(standard.advice[0]);
  });

  test('advises against express children that may take five minutes', () => {
    const slow = withFunction('processRows', { timeoutSeconds: 250 });
    expect(planObject(million, slow, csvMap).advice[0]).toMatch(/^STANDARD: a child may take 310 s/);
  });

  test('names the largest batch, and what it would save', () => {
    expect(standard.advice[1]).toMatch(
      /^225280 bytes hold 1002 rows: map\.maxItemsPerBatch 1002 instead of 100/,
    );
    expect(planObject(million, withMap({ maxItemsPerBatch: 2000 }), csvMap).advice).toHaveLength(1);
  });

  test('takes no time and no children for no rows', () => {
    const empty = planObject(csvOf(0, 100), dev, csvMap);
    expect(empty.map).toMatchObject({ children: 0, seconds: 0, payloadBytes: 0 });
    expect(empty.warnings).toEqual([]);
  });
});

describe('a plan of etl', () => {
  const withSpark = (spark: Partial<PlanSettings['spark']>): PlanSettings => ({
    ...dev,
    spark: { workerType: 'G.2X', workers: 6, timeoutMinutes: 60, ...spark },
  });
  const sparkOf = (size: number, settings: PlanSettings) =>
    planObject(csvOf(1, 100, { size }), settings, { workflow: 'etl' });

  test('pays Spark by DPUs and hours, the idle driver included', () => {
    // 60 s to start, and 10 GB by five workers of two DPUs at 5 MB a second each: 260 s of twelve DPUs.
    const plan = sparkOf(10e9, withSpark({}));
    expect(costOf(plan, 'Glue, Spark', 'DPU-hours')).toBeCloseTo(((12 * 260) / 3600) * 0.44, 9);
  });

  test('pays no Lambda for reading what Spark reads', () => {
    const plan = sparkOf(10e9, withSpark({}));
    // dev: four functions of 1 s and 0.25, 0.5, 2 and 1 GB.
    expect(costOf(plan, 'Lambda, arm64', 'GB-seconds')).toBeCloseTo(3.75 * 0.0000133334, 9);
  });

  test('warns of a Spark job that would be stopped', () => {
    expect(sparkOf(10e9, withSpark({ timeoutMinutes: 4 })).warnings).toEqual([
      expect.objectContaining({
        code: 'spark_timeout',
        value: 260,
        limit: expect.objectContaining({ value: 240 }),
      }),
    ]);
  });

  test('of a Delta table is by Spark whatever the size, and pays a second job that merges', () => {
    const object = csvOf(1, 100, { size: 1e6 });
    const plan = planObject(object, withSpark({}), { wanted: 'etl', intoTable: true });
    expect(plan).toMatchObject({ engine: 'spark', because: 'its rows go into a Delta table' });
    expect(plan.durations.map(({ state }) => state)).toContain('MergeTable');
    const once = sparkOf(1e6, { ...withSpark({}), transform: { ...dev.transform, lambdaMaxBytes: 1 } });
    expect(costOf(plan, 'Glue, Spark', 'DPU-hours')).toBe(
      2 * (costOf(once, 'Glue, Spark', 'DPU-hours') ?? Number.NaN),
    );
    expect(plan.history.execution).toBeGreaterThan(once.history.execution);
    expect(plan.engines.map(({ engine, obstacle }) => [engine, obstacle])).toEqual([
      ['duckdb', 'only Spark merges rows into a Delta table'],
      ['spark', null],
    ]);
  });

  test('pays Lambda by memory and seconds', () => {
    // dev: five functions of 1 s and 0.25, 0.5, 2, 2 and 1 GB, and 0.064 GB-seconds for each MB and reader.
    const plan = planObject(csvOf(1, 100, { size: 100e6 }), dev);
    expect(costOf(plan, 'Lambda, arm64', 'GB-seconds')).toBeCloseTo((5.75 + 2 * 6.4) * 0.0000133334, 9);
  });

  test('warns of a function that would take too long', () => {
    const slow = withFunction('scoreQuality', { timeoutSeconds: 3 });
    const { warnings } = planObject(csvOf(1, 100, { size: 100e6 }), slow);
    // 1 s, and 6.4 GB-seconds with 2 GB.
    expect(warnings).toEqual([
      expect.objectContaining({
        code: 'timeout',
        message: 'scoreQuality',
        value: 5,
        limit: expect.objectContaining({ value: 3 }),
      }),
    ]);
  });
});

describe('the engines', () => {
  const enginesOf = (object: ObjectToPlan, settings = dev) =>
    new Map(planObject(object, settings).engines.map((one) => [one.engine, one]));

  test('have the figures of their own plans', () => {
    const large = csvOf(1000, 200, { size: 300e6 });
    const engines = enginesOf(large);
    for (const options of [{ workflow: 'etl' }, csvMap] as const) {
      const { engine, seconds, usd } = planObject(large, dev, options);
      expect(engines.get(engine)).toMatchObject({ seconds, usd, obstacle: null });
    }
  });

  test('of an object that is no CSV are those of etl', () => {
    const json = { size: 1000, format: 'json', compressed: false, csv: null } as const;
    expect([...enginesOf(json).keys()]).toEqual(['duckdb', 'spark']);
  });

  test('say what is in their way', () => {
    const large = csvOf(1000, 200, { size: dev.transform.lambdaMaxBytes + 1 });
    expect(enginesOf(large).get('duckdb')?.obstacle).toMatch(/lambdaMaxBytes, 268,435,456 bytes$/);
    const slow = withFunction('scoreQuality', { timeoutSeconds: 3 });
    expect(enginesOf(csvOf(1, 100, { size: 100e6 }), slow).get('duckdb')?.obstacle).toBe(
      'scoreQuality takes longer than it has',
    );
    const zipped = csvOf(1000, 200, { compressed: true });
    expect(enginesOf(zipped).get('typescript')?.obstacle).toMatch(/gzipped/);
  });
});

describe('the cost', () => {
  const names = ['a', 'b', 'c'];
  const lines = fc.integer({ min: 10, max: 5000 });
  const size = fc.integer({ min: 100, max: 20_000_000_000 });

  test.each(['etl', 'csv-map'] as const)('of %s never falls as an object grows', (workflow) => {
    fc.assert(
      fc.property(
        size,
        size,
        lines,
        fc.constantFrom('STANDARD', 'EXPRESS'),
        (one, other, rowBytes, executionType) => {
          const settings = withMap({ executionType });
          // Of one engine: a Lambda and a Spark job have prices of their own.
          const roomy = { ...settings, transform: { lambdaMaxBytes: Number.MAX_SAFE_INTEGER } };
          const [small = 0, large = 0] = [one, other]
            .sort((a, b) => a - b)
            .map(
              (bytes) => planObject(estimateCsv({ size: bytes, rowBytes }, names), roomy, { workflow }).usd,
            );
          expect(large).toBeGreaterThanOrEqual(small);
        },
      ),
    );
  });

  test('is the sum of its lines, at prices with a date and sources', () => {
    const plan = planObject(million, dev, csvMap);
    expect(plan.usd).toBeCloseTo(
      plan.costs.reduce((sum, { usd }) => sum + usd, 0),
      9,
    );
    expect(plan.prices.asOf).toMatch(/^\d{4}-\d{2}$/);
    expect(plan.prices.sources).toContain('https://aws.amazon.com/step-functions/pricing/');
  });
});

describe('a limit in the way is a warning:', () => {
  const codesOf = (object: ObjectToPlan, settings = dev, objectsAtOnce = 1): string[] =>
    planObject(object, settings, { ...csvMap, objectsAtOnce }).warnings.map(({ code }) => code);

  test('none of an ordinary object', () => {
    expect(codesOf(million)).toEqual([]);
  });

  test.each(Object.entries(planEnvironments))(
    'none of the largest file that csv-map takes, as %s is',
    (_name, settings) => {
      expect(codesOf(csvOf(93_000_000, 213, { size: 10e9 }), settings)).toEqual([]);
    },
  );

  test.each<[string, string, ObjectToPlan, ObjectToPlan]>([
    [
      'a file over 10 GB',
      'file_size',
      csvOf(1000, 200, { size: 10e9 }),
      csvOf(1000, 200, { size: 10e9 + 1 }),
    ],
    [
      'a header over 10 KiB',
      'header',
      csvOf(1000, 200, { headerBytes: 10 * KIB }),
      csvOf(1000, 200, { headerBytes: 10 * KIB + 1 }),
    ],
    [
      'a row that leaves no room for a batch around it',
      'row_size',
      csvOf(1000, 200, { maxItemBytes: 255 * KIB }),
      csvOf(1000, 200, { maxItemBytes: 256 * KIB }),
    ],
    [
      'another delimiter',
      'delimiter',
      csvOf(1000, 200, { delimiter: '|' }),
      csvOf(1000, 200, { delimiter: '^' }),
    ],
    ['gzip', 'compressed', csvOf(1000, 200), csvOf(1000, 200, { compressed: true })],
  ])('%s', (_what, code, below, above) => {
    expect(codesOf(below)).not.toContain(code);
    expect(codesOf(above)).toContain(code);
  });

  test('more than 100,000,000 rows, which would not be read', () => {
    expect(codesOf(csvOf(100_000_000, 20))).not.toContain('items_read');
    expect(codesOf(csvOf(100_000_001, 20))).toContain('items_read');
  });

  test('a batch over 256 KiB', () => {
    expect(codesOf(csvOf(1000, 300 * KIB))).toContain('payload');
  });

  test("more children at once than an account's Lambdas, and more than 1,000 map runs", () => {
    expect(codesOf(million, dev, 1000)).not.toContain('map_runs');
    const both = codesOf(million, dev, 1001);
    expect(both).toContain('map_runs');
    expect(both).toContain('concurrency');
  });

  test('a batch that takes longer than its function has', () => {
    // Eleven rows of 20 kB take 0.15 s of the part of a processor that 128 MB have.
    const slow = withFunction('processRows', { timeoutSeconds: 1, memoryMb: 128 });
    expect(codesOf(csvOf(100_000, 20_000), withMap({}, slow))).not.toContain('timeout');
    const impossible = withFunction('processRows', { timeoutSeconds: 1, memoryMb: 8 });
    expect(codesOf(csvOf(100_000, 20_000), impossible)).toContain('timeout');
  });

  test('an express child of more than five minutes', () => {
    const express = withMap({ executionType: 'EXPRESS' }, withFunction('processRows', { memoryMb: 128 }));
    expect(codesOf(csvOf(10, 600e6, { size: 10 }), express)).toContain('express_seconds');
    expect(codesOf(csvOf(10, 4e6, { size: 10 }), express)).not.toContain('express_seconds');
  });

  test('more parts than collect-map-run can read in its time', () => {
    // 500 parts a second.
    expect(codesOf(csvOf(400 * 500 * 100, 200, { size: 1 }))).not.toContain('collect_timeout');
    expect(codesOf(csvOf(900 * 500 * 100, 20, { size: 1 }))).toContain('collect_timeout');
  });

  test('more bytes than collect-map-run can go through in its time', () => {
    // One processor has 600 s of work with 10 GB; a third of it needs 1,800 s.
    const slow = withFunction('collectMapRun', { memoryMb: 1769 / 3 });
    expect(codesOf(csvOf(1000, 200, { size: 10e9 }))).not.toContain('collect_timeout');
    expect(codesOf(csvOf(1000, 200, { size: 10e9 }), slow)).toContain('collect_timeout');
  });

  test('parts that are too many and cannot be larger, which no setting mends', () => {
    const { warnings } = planObject(csvOf(100_000_000, 1200, { size: 10e9 }), planEnvironments.prod, csvMap);
    expect(warnings).toEqual([
      expect.objectContaining({ code: 'collect_timeout', change: expect.stringMatching(/^Split the file:/) }),
    ]);
  });

  test('settings that would not synthesize', () => {
    expect(codesOf(million, withMap({ maxConcurrency: 10_001 }))).toContain('settings');
  });

  test('each says what to change, with its number, its limit and where AWS says so', () => {
    const { warnings } = planObject(
      csvOf(200_000_000, 300 * KIB, { size: 20e9, headerBytes: 20_000 }),
      dev,
      csvMap,
    );
    expect(warnings.length).toBeGreaterThan(4);
    for (const { value, limit, change } of warnings) {
      expect(value).toBeGreaterThan(limit?.value ?? Number.NaN);
      expect(limit?.link).toMatch(/^https:\/\/docs\.aws\.amazon\.com\//);
      expect(change).toMatch(/\.$/);
    }
  });
});

describe('settings', () => {
  test.each(Object.entries(planEnvironments))('of %s are within the limits', (_name, settings) => {
    expect(checkMapSettings(settings)).toEqual([]);
  });

  const express = withMap({ executionType: 'EXPRESS' });
  test.each<[string, PlanSettings, RegExp]>([
    ['no items', withMap({ maxItemsPerBatch: 0 }), /^map\.maxItemsPerBatch is 0; .*at least 1$/],
    ['half an item', withMap({ maxItemsPerBatch: 1.5 }), /^map\.maxItemsPerBatch is 1\.5/],
    [
      'batches that leave no room in a payload',
      withMap({ maxInputBytesPerBatch: largestBatchBytes + 1 }),
      /^map\.maxInputBytesPerBatch is 225281; .*262,144 bytes \(https:/,
    ],
    [
      'too many children',
      withMap({ maxConcurrency: 10_001 }),
      /^map\.maxConcurrency is 10001; .*10,000 children/,
    ],
    ['negative children', withMap({ maxConcurrency: -1 }), /^map\.maxConcurrency is -1/],
    [
      'more than all failures',
      withMap({ toleratedFailurePercentage: 101 }),
      /Percentage is 101; .* 0 to 100$/,
    ],
    ['no number', withMap({ toleratedFailurePercentage: Number.NaN }), /Percentage is NaN/],
    [
      'a timeout over 15 minutes',
      withFunction('collectMapRun', { timeoutSeconds: 901 }),
      /collectMapRun\.timeoutSeconds is 901; .*900 seconds/,
    ],
    [
      'memory over 10 GB',
      withFunction('processRows', { memoryMb: 10_241 }),
      /processRows\.memoryMb is 10241; .*10,240 MB/,
    ],
    [
      'express children of over five minutes',
      withFunction('processRows', { timeoutSeconds: 241 }, express),
      /processRows\.timeoutSeconds is 241; with recordFailedRows' 60 that is 301, .*300 seconds/,
    ],
    [
      'more children than reserved Lambdas',
      withFunction('processRows', { reservedConcurrency: 100 }),
      /^map\.maxConcurrency is 500, and .* only 100/,
    ],
  ])('with %s are refused in one line', (_what, settings, line) => {
    const faults = checkMapSettings(settings);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatch(line);
    expect(faults[0]).not.toContain('\n');
  });

  test.each<[string, PlanSettings]>([
    ['the largest batch', withMap({ maxInputBytesPerBatch: largestBatchBytes })],
    ['as many children as there is room for', withMap({ maxConcurrency: 0 })],
    ['exactly five minutes', withFunction('processRows', { timeoutSeconds: 240 }, express)],
    ['a fraction of a per cent', withMap({ toleratedFailurePercentage: 0.5 })],
  ])('with %s are taken', (_what, settings) => {
    expect(checkMapSettings(settings)).toEqual([]);
  });
});

describe('an estimate', () => {
  const names = ['id', 'name "x"'];

  test('knows what JSON puts around the values of a row', () => {
    const row = JSON.stringify({ id: '', 'name "x"': '' });
    expect(itemOverheadBytes(names)).toBe(row.length);
    expect(itemOverheadBytes(['größe'])).toBe(Buffer.byteLength('{"größe":""}'));
    expect(itemOverheadBytes([])).toBe(2);
  });

  test('of width and rows has the size, and the other way around', () => {
    const { size } = estimateCsv({ rows: 1000, rowBytes: 50 }, names);
    expect(size).toBe(50_000 + 'id,name "x"\n'.length);
    expect(estimateCsv({ size, rowBytes: 50 }, names).csv.rows).toBe(1000);
    expect(estimateCsv({ size, rows: 1000 }, names).csv.meanItemBytes).toBe(48 + itemOverheadBytes(names));
  });

  test('of a size alone assumes twelve bytes a column', () => {
    expect(estimateCsv({ size: 24_012 }, names).csv.rows).toBe(1000);
  });
});

describe('the way that is counted', () => {
  const part = (name: string) => ({
    arn: `arn:aws:lambda:eu-central-1:123456789012:function:${name}`,
    timeoutSeconds: 60,
  });
  const machine = csvMapDefinition({
    functions: {
      validateObject: part('validateObject'),
      processRows: part('processRows'),
      recordFailedRows: part('recordFailedRows'),
      collectMapRun: part('collectMapRun'),
      publishRun: part('publishRun'),
    },
    topicArn: 'arn:aws:sns:eu-central-1:123456789012:runs',
    curatedBucket: 'curated',
    delimiter: 'COMMA',
    map: dev.map,
  });
  type Shape = {
    readonly Type: string;
    readonly Next?: string;
    readonly Default?: string;
    readonly Choices?: readonly { readonly Next: string }[];
    readonly ItemProcessor?: { readonly StartAt: string; readonly States: Record<string, Shape> };
    readonly Retry?: readonly { readonly MaxAttempts?: number }[];
  };
  // JSON of a checked definition has these members where it has any of their names.
  const states: Record<string, Shape> = JSON.parse(JSON.stringify(machine.States));

  const follows = (way: readonly Step[], of: Record<string, Shape>): boolean[] =>
    way.map(({ state, type }, at) => {
      const shape = of[state];
      const next = way[at + 1]?.state;
      const nexts = [shape?.Next, shape?.Default, ...(shape?.Choices ?? []).map(({ Next }) => Next)];
      return shape?.Type === type && (next === undefined || nexts.includes(next));
    });

  test("is one through csv-map's states, from its first to Succeeded", () => {
    expect(csvMapWay.parent[0]?.state).toBe(machine.StartAt);
    expect(csvMapWay.parent.at(-1)?.type).toBe('Succeed');
    expect(follows(csvMapWay.parent, states)).toEqual(csvMapWay.parent.map(() => true));
  });

  const processor = states.ProcessCsvRows?.ItemProcessor;

  test("is one through its children's, too", () => {
    expect(csvMapWay.child.map(({ state }) => state)).toEqual([processor?.StartAt]);
    expect(follows(csvMapWay.child, processor?.States ?? {})).toEqual([true]);
  });

  test('has as many retries as a child has', () => {
    const attempts = (processor?.States.ProcessRows?.Retry ?? []).map(({ MaxAttempts }) => MaxAttempts ?? 0);
    const retries = attempts.reduce((sum, one) => sum + one, 0);
    const { child, childAtMost } = planObject(million, dev, csvMap).history;
    // Three events for each attempt that fails, and five for recording the rows.
    expect(childAtMost).toBe((child ?? 0) + 3 * retries + 5);
  });

  test('of etl has a Task, a Choice or an end where the state machine has one', () => {
    const etl = etlDefinition({
      functions: {
        validateObject: part('a'),
        scoreQuality: part('b'),
        transformObject: part('c'),
        publishRun: part('d'),
      },
      crawlerPrefix: 'raw-',
      job: { kind: 'glue', name: 'job', timeoutSeconds: 60, logGroup: '/aws-glue/jobs/output' },
      sparkDatasets: [],
      topicArn: 'arn:aws:sns:eu-central-1:123456789012:runs',
      curatedBucket: 'curated',
      limits: { lambdaMaxBytes: 1, crawlerCheckSeconds: 1, crawlerMaxChecks: 1 },
    });
    const events = { Task: 5, Choice: 2, Succeed: 2 } as const;
    const counted = (states: readonly string[]): number =>
      states.reduce((sum, name) => {
        const type = etl.States[name]?.Type;
        return sum + (type === 'Task' || type === 'Choice' || type === 'Succeed' ? events[type] : Number.NaN);
      }, 2);
    expect(planObject(csvOf(1, 1), dev).history.execution).toBe(counted(endings.published.states));
    // A task that waits for a job has an event more.
    const spark = planObject(csvOf(1, 1, { size: 1e9 }), dev, { workflow: 'etl' });
    expect(spark.history.execution).toBe(counted(publishedBySpark.states) + 1);
  });
});

test('every limit has a link to AWS', () => {
  for (const { link } of Object.values(serviceLimits))
    expect(link).toMatch(/^https:\/\/docs\.aws\.amazon\.com\//);
});
