import { describe, expect, test } from '@jest/globals';
import { defineDataset, text } from '@sluice/record-schema';
import fc from 'fast-check';
import { chooseWorkflow, csvMapMaxBytes, csvMapOf, type ObjectToTake } from '../src/index.ts';

const lambdaMaxBytes = 1000;
const object = (other: Partial<ObjectToTake> = {}): ObjectToTake => ({
  size: lambdaMaxBytes + 1,
  plainCsv: true,
  delimiter: ',',
  ...other,
});
const chosen = (other: Partial<ObjectToTake>, wanted: Parameters<typeof chooseWorkflow>[1] = 'by_size') =>
  chooseWorkflow(object(other), wanted, lambdaMaxBytes);
const etl = { workflow: 'etl' };

describe('by size', () => {
  test('an object that fits a Lambda goes through etl, and one byte more through csv-map', () => {
    expect(chosen({ size: lambdaMaxBytes })).toEqual(etl);
    expect(chosen({ size: lambdaMaxBytes + 1 })).toEqual({ workflow: 'csv-map', delimiter: 'COMMA' });
  });

  test.each([
    ['|', 'PIPE'],
    [';', 'SEMICOLON'],
    [' ', 'SPACE'],
    ['\t', 'TAB'],
  ])('CSV with %j has a state machine of its own', (delimiter, word) => {
    expect(chosen({ delimiter })).toEqual({ workflow: 'csv-map', delimiter: word });
  });
});

describe('by name', () => {
  test('etl is etl, however large the object', () => {
    expect(chosen({ size: csvMapMaxBytes }, 'etl')).toEqual(etl);
  });

  test('csv-map takes small objects as well', () => {
    expect(chosen({ size: 1 }, 'csv-map')).toMatchObject({ workflow: 'csv-map' });
  });
});

describe('what csv-map cannot read goes through etl, whatever is wanted:', () => {
  test.each([
    ['no plain CSV', { plainCsv: false }],
    ['more than 10 GB', { size: csvMapMaxBytes + 1 }],
    ['a delimiter that its reader does not know', { delimiter: '^' }],
    ['a delimiter that is the name of something else', { delimiter: 'toString' }],
  ])('%s', (_what, other) => {
    expect(chosen(other)).toEqual(etl);
    expect(chosen(other, 'csv-map')).toEqual(etl);
  });
});

test('a larger limit never sends more objects to csv-map', () => {
  fc.assert(
    fc.property(
      fc.record({
        size: fc.nat({ max: 2 * csvMapMaxBytes }),
        plainCsv: fc.boolean(),
        delimiter: fc.constantFrom(',', ';', '^'),
      }),
      fc.constantFrom('by_size', 'etl', 'csv-map'),
      fc.nat({ max: csvMapMaxBytes }),
      fc.nat({ max: csvMapMaxBytes }),
      (one, wanted, a, b) => {
        const [lower, higher] = [Math.min(a, b), Math.max(a, b)];
        const low = chooseWorkflow(one, wanted, lower).workflow;
        const high = chooseWorkflow(one, wanted, higher).workflow;
        expect([low, high]).not.toEqual(['etl', 'csv-map']);
      },
    ),
  );
});

describe('a dataset needs the state machine', () => {
  const needed = (settings: Partial<Parameters<typeof defineDataset>[0]>) =>
    csvMapOf(defineDataset({ name: 'd', fields: { id: text() }, ...settings }));

  test('of its delimiter, whether it goes by size or by name', () => {
    expect(needed({ source: { delimiter: ';' } })).toBe('SEMICOLON');
    expect(needed({ workflow: 'csv-map' })).toBe('COMMA');
  });

  test.each([
    ['wants etl', { workflow: 'etl' } as const],
    ['has no CSV', { source: { formats: ['json'] } } as const],
    [
      'has a table',
      { key: ['id'], target: { format: 'delta' }, fields: { id: text({ required: true }) } } as const,
    ],
    ['has a delimiter that no such machine reads', { source: { delimiter: '^' } }],
  ])('of none if it %s', (_what, settings) => {
    expect(needed(settings)).toBeNull();
  });
});
