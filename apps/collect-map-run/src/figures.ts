import { type Profile, profileOf } from '@sluice/data-quality';
import type { Dataset } from '@sluice/record-schema';
import { FIELDS_PER_WORD, WORDS_PER_GROUP } from '@sluice/record-transform/batches';

/** Adds up what the parts noted of each row for the quality profile. */
export class Figures {
  readonly #dataset: Dataset;
  /** By field: nulls, invalid values, texts that look like numbers. */
  readonly #counts: readonly number[][];

  constructor(dataset: Dataset) {
    this.#dataset = dataset;
    this.#counts = dataset.fields.map(() => [0, 0, 0]);
  }

  /** `marks` as a `RowMarks`, of so many rows. */
  add(marks: readonly number[], rows: number): void {
    for (const [at, counts] of this.#counts.entries()) {
      const group = Math.floor(at / FIELDS_PER_WORD) * WORDS_PER_GROUP;
      const bit = 1 << (at % FIELDS_PER_WORD);
      for (let figure = 0; figure < WORDS_PER_GROUP; figure += 1)
        if (((marks[group + figure] ?? 0) & bit) !== 0) counts[figure] = (counts[figure] ?? 0) + rows;
    }
  }

  /** As scoring would see the same object: a malformed row is null in every column. */
  profile({ rowsIn, malformed, duplicates }: Pick<Profile, 'rowsIn' | 'malformed' | 'duplicates'>): Profile {
    const fields = this.#counts.map(([nulls = 0, invalid = 0, numericLooking = 0]) => ({
      nulls,
      invalid,
      numericLooking,
    }));
    return profileOf(this.#dataset, { rowsIn, malformed, duplicates, fields });
  }
}
