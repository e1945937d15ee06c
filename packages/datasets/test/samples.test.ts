import { readFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { type Dataset, zodSchema } from '@sluice/record-schema';
import { parseString } from 'fast-csv';
import { airports, birdStrikes, penguins } from '../src/index.ts';

// Its exports hold the code only; the files lie beside it.
const published = new URL('../node_modules/vega-datasets/data/', import.meta.url);
const sample = (name: string): Promise<string> =>
  readFile(new URL(`../samples/${name}`, import.meta.url), 'utf8');

const csvRows = (text: string): Promise<unknown[]> => parseString(text, { headers: true }).toArray();

/** `damage not_allowed` → how many rows. */
const faults = (dataset: Dataset, rows: readonly unknown[]): Record<string, number> => {
  const schema = zodSchema(dataset);
  const counts: Record<string, number> = {};
  for (const row of rows) {
    for (const { path, message } of schema.safeParse(row).error?.issues ?? []) {
      const fault = `${path.join('.')} ${message}`;
      counts[fault] = (counts[fault] ?? 0) + 1;
    }
  }
  return counts;
};

describe('the samples', () => {
  test.each([
    ['airports.csv', 'airports.csv'],
    ['bird-strikes.csv', 'birdstrikes.csv'],
    ['penguins.json', 'penguins.json'],
  ])('%s is, from its first byte on, the %s that vega-datasets publishes', async (name, source) => {
    const whole = await readFile(new URL(source, published), 'utf8');
    const text = await sample(name);
    expect(text.length).toBeGreaterThan(50_000);
    // One of them does not end its last line, the sample does.
    expect(`${whole}\n`.startsWith(text)).toBe(true);
  });

  test('every airport can be read, quotes in its name and all', async () => {
    const rows = await csvRows(await sample('airports.csv'));
    expect(rows).toHaveLength(3376);
    expect(rows).toContainEqual(expect.objectContaining({ iata: 'DBN', name: 'W. H. "Bud" Barron' }));
    expect(faults(airports, rows)).toEqual({});
  });

  test('five bird strikes have a damage of an older code', async () => {
    const rows = await csvRows(await sample('bird-strikes.csv'));
    expect(rows).toHaveLength(2000);
    expect(faults(birdStrikes, rows)).toEqual({ 'Effect Amount of damage not_allowed': 5 });
  });

  test('every penguin can be read, the one of sex "." too', async () => {
    const rows = JSON.parse(await sample('penguins.json')) as unknown[];
    expect(rows).toHaveLength(344);
    expect(rows).toContainEqual(expect.objectContaining({ Sex: '.' }));
    expect(faults(penguins, rows)).toEqual({});
  });
});
