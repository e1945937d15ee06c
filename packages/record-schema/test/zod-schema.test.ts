import { describe, expect, test } from '@jest/globals';
import {
  boolean,
  date,
  decimal,
  defineDataset,
  double,
  integer,
  jsonSchema,
  text,
  timestamp,
  zodSchema,
} from '../src/index.ts';

const parcels = defineDataset({
  name: 'parcels',
  doc: 'A parcel on its way.',
  nullTokens: ['', 'NULL'],
  fields: {
    id: text({ required: true, from: 'Parcel No', doc: 'Printed on the label.' }),
    label: text({ json: true }),
    status: text({ upper: true, oneOf: ['SENT', 'LOST'], required: true, default: 'SENT' }),
    weight: double({ min: 0, max: 31.5 }),
    pieces: integer({ min: 1 }),
    value: decimal(8, 2, { max: '9.99' }),
    insured: boolean(),
    sent_on: date({ formats: ['yyyyMMdd'] }),
    seen_at: timestamp({ formats: ['iso'] }),
    zone: integer({ onInvalid: 'null' }),
  },
});

const codes = (record: unknown): Record<string, string> =>
  Object.fromEntries(
    (zodSchema(parcels).safeParse(record).error?.issues ?? []).map((issue) => [
      issue.path.join(),
      issue.message,
    ]),
  );

// What happens to cells of text is held to the conformance vectors, beside the engines.
describe('a posted record', () => {
  test('takes numbers and booleans, as such or as text', () => {
    expect(
      codes({ 'Parcel No': 17, weight: 1.5, pieces: 2, value: 9.99, insured: true, sent_on: 20240131 }),
    ).toEqual({});
    expect(
      codes({
        'Parcel No': '17',
        weight: ' 1.5 ',
        pieces: '2',
        value: '9.99',
        insured: 'TRUE',
        sent_on: '20240131',
      }),
    ).toEqual({});
  });

  test('keeps what it takes as it was posted', () => {
    const record = { 'Parcel No': ' 17 ', weight: '1.50', label: { to: ['a'] } };
    expect(zodSchema(parcels).parse(record)).toEqual(record);
  });

  test.each([
    ['an absent key', {}],
    ['null', { 'Parcel No': null }],
    ['a null token', { 'Parcel No': ' NULL ' }],
  ])('lacks a required field by %s', (_what, record) => {
    expect(codes(record)).toEqual({ 'Parcel No': 'missing' });
  });

  test('may leave out what has a default', () => {
    expect(codes({ 'Parcel No': '1', status: null })).toEqual({});
  });

  test('is told everything that is wrong with it at once', () => {
    expect(
      codes({
        'Parcel No': { no: 17 },
        label: [1],
        status: 'held',
        weight: true,
        pieces: 0,
        value: 9.995,
        insured: 1,
        sent_on: '2024-01-31',
        seen_at: '2024-01-31T00:00:00',
        zone: 'north',
      }),
    ).toEqual({
      'Parcel No': 'nested_value',
      status: 'not_allowed',
      weight: 'not_a_number',
      pieces: 'too_small',
      value: 'too_large',
      insured: 'not_a_boolean',
      sent_on: 'not_a_date',
      seen_at: 'not_a_timestamp',
    });
  });

  test('has no half characters', () => {
    expect(codes({ 'Parcel No': '\ud83d' })).toEqual({ 'Parcel No': 'invalid_utf8' });
  });

  test.each([[[]], ['text'], [null], [7]])('is an object, not %j', (record) => {
    expect(codes(record)).toEqual({ '': 'not_an_object' });
  });

  test('may have undeclared keys, unless the dataset refuses them', () => {
    expect(codes({ 'Parcel No': '1', colour: 'red' })).toEqual({});
    const strict = defineDataset({
      name: 'strict',
      fields: { id: text() },
      source: { unknownColumns: 'reject' },
    });
    expect(
      zodSchema(strict)
        .safeParse({ id: '1', colour: 'red' })
        .error?.issues.map((one) => one.message),
    ).toEqual(['unknown_column']);
  });

  test('does not get its values repeated in an error', () => {
    const error = zodSchema(parcels).safeParse({ 'Parcel No': '1', weight: 'secret' }).error;
    expect(JSON.stringify(error)).not.toContain('secret');
  });
});

test('the JSON Schema of a record', () => {
  expect(jsonSchema(parcels)).toEqual({
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'parcels',
    description: 'A parcel on its way.',
    type: 'object',
    required: ['Parcel No'],
    properties: {
      'Parcel No': { type: ['string', 'number', 'boolean'], description: 'Printed on the label. (required)' },
      label: { description: '(JSON)' },
      status: {
        type: ['string', 'number', 'boolean', 'null'],
        description: '(required; in upper case; one of `SENT`, `LOST`; default `SENT`)',
      },
      weight: {
        type: ['number', 'string', 'null'],
        minimum: 0,
        maximum: 31.5,
        description: '(at least `0`; at most `31.5`)',
      },
      pieces: { type: ['integer', 'string', 'null'], minimum: 1, description: '(at least `1`)' },
      value: { type: ['number', 'string', 'null'], description: '(at most `9.99`)' },
      insured: { type: ['boolean', 'string', 'null'] },
      sent_on: { type: ['string', 'integer', 'null'], description: '(as `yyyyMMdd`)' },
      seen_at: {
        type: ['string', 'null'],
        description: '(as `yyyy-MM-ddTHH:mm:ss[.SSS](Z|±HH:mm)`, UTC)',
      },
      zone: { type: ['string', 'number', 'boolean', 'null'], description: '(null if invalid)' },
    },
  });
});
