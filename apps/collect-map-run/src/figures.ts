import type { Profile } from '@sluice/data-quality';
import type { Dataset } from '@sluice/record-schema';
import { FIELDS_PER_WORD, WORDS_PER_GROUP } from '@sluice/record-transform/batches';

/** Adds up what the parts noted of each row for the quality profile. */
export class Figures {
  readonly #fields: Dataset['fields'];
  /** By field: nulls, invalid values, texts that look like numbers. */
  readonly #counts: readonly number[][];

  constructor({ fields }: Dataset) {
    this.#fields = fields;
    this.#counts = fields.map(() => [0, 0, 0]);
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
    const columns = this.#fields.map(({ name, type }, at) => {
      const [nulls = 0, invalid = 0, numericLooking = 0] = this.#counts[at] ?? [];
      return { name, type, nulls: nulls + malformed, invalid, ...(type === 'text' && { numericLooking }) };
    });
    return { rowsIn, malformed, duplicates, columns };
  }
}
