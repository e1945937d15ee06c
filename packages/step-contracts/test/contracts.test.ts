import { describe, expect, test } from '@jest/globals';
import {
  objectCreatedBridgeEvent,
  objectCreatedRecord,
  publishRunInput,
  runInput,
  s3BridgeEvent,
  s3EventRecord,
  scoreQualityInput,
  shortened,
  stagedFigures,
  summaryOf,
  validateObjectOutput,
} from '../src/index.ts';

const run = {
  runId: 'orders-0123',
  dataset: 'orders',
  asOf: '2026-11-20T10:00:00.000Z',
  object: { bucket: 'raw', key: 'incoming/orders/a.csv', size: 12, etag: 'abc' },
};

describe('the input of a run', () => {
  test('is taken with or without a version of the object', () => {
    expect(runInput.parse(run)).toEqual(run);
    const versioned = { ...run, object: { ...run.object, versionId: 'v1' } };
    expect(runInput.parse(versioned)).toEqual(versioned);
  });

  test.each([
    ['a clock that is not UTC', { asOf: '2026-11-20T10:00:00+09:00' }],
    ['a clock without a zone', { asOf: '2026-11-20T10:00:00' }],
    ['a day that is not in the calendar', { asOf: '2026-02-30T10:00:00Z' }],
    ['a run id that is no execution name', { runId: 'orders/1' }],
    ['a run id that is too long', { runId: 'x'.repeat(81) }],
    ['a dataset that would leave its folder', { dataset: '../orders' }],
  ])('is refused with %s', (_what, change) => {
    expect(runInput.safeParse({ ...run, ...change }).success).toBe(false);
  });
});

describe('the input of publishing', () => {
  const document = {
    ...run,
    action: 'publish',
    validation: { valid: true, format: 'csv', headerKnown: true, unknownColumns: [] },
    quality: {
      score: 100,
      threshold: 70,
      passed: true,
      rowsIn: 1,
      report: { bucket: 'curated', key: 'staging/orders-0123/quality.json' },
    },
    transform: { engine: 'spark', staged: { bucket: 'curated', prefix: 'staging/orders-0123/' } },
  };

  test('is the same from DuckDB and from Spark, whose job returns no counts', () => {
    const counts = { rowsIn: 1, accepted: 1, filtered: 0, duplicates: 0, quarantined: 0 };
    const duckdb = { ...document, transform: { ...document.transform, engine: 'duckdb', counts } };
    expect(publishRunInput.safeParse(document).success).toBe(true);
    expect(publishRunInput.safeParse(duckdb).success).toBe(true);
  });

  test('is refused for an object that was not valid', () => {
    const refused = { valid: false, code: 'empty_object', message: 'The object is empty.' };
    expect(publishRunInput.safeParse({ ...document, validation: refused }).success).toBe(false);
  });

  test('is refused for a staging folder that is a mere beginning of names', () => {
    const transform = { engine: 'duckdb', staged: { bucket: 'curated', prefix: 'staging/orders-0123' } };
    expect(publishRunInput.safeParse({ ...document, transform }).success).toBe(false);
  });
});

test('a refusal needs a code that programs can match', () => {
  expect(validateObjectOutput.safeParse({ valid: false, code: 'Not OK', message: '' }).success).toBe(false);
});

describe('an event of S3 that an object was created', () => {
  const object = { key: 'incoming/orders/a+b.csv', size: 1, eTag: 'abc', sequencer: '0055' };
  const record = {
    eventName: 'ObjectCreated:Put',
    eventTime: '2026-11-20T10:00:00.000Z',
    s3: { bucket: { name: 'raw' }, object },
  };

  test('is a record of a notification', () => {
    expect(objectCreatedRecord.safeParse(record).success).toBe(true);
    expect(s3EventRecord.safeParse(record).success).toBe(true);
  });

  test('is no event of another kind', () => {
    const removed = { ...record, eventName: 'ObjectRemoved:Delete' };
    expect(objectCreatedRecord.safeParse(removed).success).toBe(false);
    expect(s3EventRecord.safeParse(removed).success).toBe(true);
  });

  test.each(['key', 'size', 'eTag'] as const)('has a %s', (name) => {
    const { [name]: _, ...rest } = object;
    const without = { ...record, s3: { ...record.s3, object: rest } };
    expect(objectCreatedRecord.safeParse(without).success).toBe(false);
  });

  test("is one of EventBridge's with other names and a plain key", () => {
    const event = {
      source: 'aws.s3',
      'detail-type': 'Object Created',
      time: '2026-11-20T10:00:00Z',
      detail: {
        bucket: { name: 'raw' },
        object: { key: 'incoming/orders/a b.csv', size: 1, etag: 'abc', 'version-id': 'v1' },
        reason: 'PutObject',
      },
    };
    expect(s3BridgeEvent.safeParse(event).success).toBe(true);
    expect(objectCreatedBridgeEvent.safeParse(event).success).toBe(true);
    expect(s3BridgeEvent.safeParse({ ...event, source: 'my.app' }).success).toBe(false);
  });
});

test('a verdict fits one line', () => {
  expect(
    summaryOf({
      score: 62.5,
      threshold: 70,
      passed: false,
      costs: [
        { figure: 'nulls', points: 37.5, because: '3 of 8 cells are null' },
        { figure: 'duplicates', points: 0, because: 'no row is a duplicate' },
      ],
      findings: [],
      checks: [
        { check: 'min_rows', level: 'error', passed: false, actual: 2, allowed: 10 },
        { check: 'max_null_percent', field: 'id', level: 'warning', passed: false, actual: 50, allowed: 0 },
      ],
    }),
  ).toBe('score 62.5, threshold 70 (nulls cost 37.5); failed check min_rows: 2, allowed 10');
});

describe('a shortened text', () => {
  test('is the text itself if it fits', () => {
    expect(shortened('abc', 3)).toBe('abc');
    expect(shortened('👍👍👍', 3)).toBe('👍👍👍');
  });

  test('ends in an ellipsis and in no half of a character', () => {
    expect(shortened('abcd', 3)).toBe('ab…');
    expect(shortened('👍👍👍👍', 3)).toBe('👍👍…');
  });
});

describe('what Spark staged to be scored', () => {
  const figures = {
    rowsIn: 3,
    malformed: 1,
    duplicates: 0,
    fields: [{ nulls: 1, invalid: 0, numericLooking: 2 }],
  };

  test('is figures, or the reason why there are none', () => {
    const refusal = { code: 'corrupt_gzip', message: 'the object is gzipped, but cut off' };
    expect(stagedFigures.parse(figures)).toEqual(figures);
    expect(stagedFigures.parse({ refusal })).toEqual({ refusal });
  });

  test.each([
    ['a figure that is missing', { ...figures, duplicates: undefined }],
    ['a figure below zero', { ...figures, malformed: -1 }],
    ['a field without its figures', { ...figures, fields: [{}] }],
    ['a refusal without a code', { refusal: { message: 'no' } }],
  ])('is refused with %s', (_what, staged) => {
    expect(stagedFigures.safeParse(staged).success).toBe(false);
  });

  test('lies in a folder that is named to score-quality, which else reads the object', () => {
    const staged = { bucket: 'curated', prefix: 'staging/orders-0123/' };
    expect(scoreQualityInput.parse(run)).toEqual(run);
    expect(scoreQualityInput.parse({ ...run, staged })).toEqual({ ...run, staged });
    const noFolder = { ...run, staged: { ...staged, prefix: 'staging/orders-0123' } };
    expect(scoreQualityInput.safeParse(noFolder).success).toBe(false);
  });
});
