import type { Dataset, Field } from '@sluice/record-schema';
import { arbitraries } from '@sluice/record-schema/arbitraries';
import fc from 'fast-check';
import type { ReadRecord } from './read-record.ts';

// Records are made in blocks of their own seeds, so that a resume need not make those before it. fast-check makes blocks of
// 2,048 twice as fast as those of 256.
const BLOCK = 2048;
const AT_A_TIME = 256;

/**
 * Which field tells the records apart: the dataset's key, else the first text that takes any number as it is written.
 * Null if there is none.
 */
const numberedField = (dataset: Dataset): Field | null => {
  const takesNumbers = (field: Field): boolean =>
    field.type === 'text' &&
    field.oneOf === null &&
    field.pattern === null &&
    (field.maxLength === null || field.maxLength >= 12) &&
    !field.json;
  const byKey = dataset.fields.find((field) => dataset.key?.includes(field.name) && takesNumbers(field));
  const free = dataset.fields.filter(takesNumbers);
  return byKey ?? free.find((field) => field.required) ?? free[0] ?? null;
};

/** Neither does the second block of a seed begin as the first one of the next seed. */
const seedOf = (seed: number, block: number): number => (Math.imul(seed, 1_000_003) + block) | 0;

/** Valid rows of the dataset with all that makes rows hard to read; the same ones for the same seed, whatever `count` is. */
export async function* generatedRecords(
  dataset: Dataset,
  { count, seed, after }: { readonly count: number; readonly seed: number; readonly after: number },
): AsyncGenerator<readonly ReadRecord[], void> {
  const { validRow } = arbitraries(dataset);
  const numbered = numberedField(dataset)?.from;
  for (let block = Math.floor(after / BLOCK); block * BLOCK < count; block += 1) {
    const first = block * BLOCK;
    const rows = fc.sample(validRow, { seed: seedOf(seed, block), numRuns: Math.min(BLOCK, count - first) });
    const records = rows
      .map((row, at): ReadRecord => {
        const number = first + at + 1;
        const cells = Object.entries(row).map(([name, cell]): [string, string | null] => [
          name,
          name === numbered ? String(number) : cell,
        ]);
        return { number, json: JSON.stringify(Object.fromEntries(cells)) };
      })
      .slice(Math.max(0, after - first), count - first);
    for (let start = 0; start < records.length; start += AT_A_TIME) {
      yield records.slice(start, start + AT_A_TIME);
    }
  }
}
