import { HASH_BYTES } from '@sluice/record-transform/batches';
import { Bits } from './bits.ts';
import type { RawRows } from './raw-rows.ts';
import { ScratchReader } from './scratch-files.ts';

const WORDS = HASH_BYTES / 4;
const CHUNK_ROWS = 64 * 1024;

/** A set of hashes with open addressing, at most half full. A million of them take 25 MB. */
class HashSet {
  #slots: Int32Array;
  #words: Uint32Array;
  #size = 0;

  constructor(expected: number) {
    this.#slots = new Int32Array(2 ** Math.ceil(Math.log2(Math.max(expected, 512) * 2))).fill(-1);
    this.#words = new Uint32Array((this.#slots.length / 2) * WORDS);
  }

  /** False if it was there. */
  add(of: Uint32Array, at: number): boolean {
    if (this.#size * 2 >= this.#slots.length) this.#grow();
    const slot = this.#find(of, at);
    if ((this.#slots[slot] ?? -1) >= 0) return false;
    this.#slots[slot] = this.#size;
    for (let word = 0; word < WORDS; word += 1) this.#words[this.#size * WORDS + word] = of[at + word] ?? 0;
    this.#size += 1;
    return true;
  }

  #find(of: Uint32Array, at: number): number {
    const mask = this.#slots.length - 1;
    let slot = (of[at] ?? 0) & mask;
    for (;;) {
      const entry = this.#slots[slot] ?? -1;
      if (entry < 0) return slot;
      let word = 0;
      while (word < WORDS && this.#words[entry * WORDS + word] === of[at + word]) word += 1;
      if (word === WORDS) return slot;
      slot = (slot + 1) & mask;
    }
  }

  #grow(): void {
    const words = this.#words;
    this.#slots = new Int32Array(this.#slots.length * 2).fill(-1);
    this.#words = new Uint32Array(words.length * 2);
    this.#words.set(words);
    for (let entry = 0; entry < this.#size; entry += 1) this.#slots[this.#find(words, entry * WORDS)] = entry;
  }
}

/**
 * The rows that repeat an earlier one. Memory is bounded: of an object with more than `rowsAtOnce` rows the hashes are
 * gone through several times, each time for another share of them.
 */
export const findDuplicates = async (
  { hashFile, rows, isMalformed }: Pick<RawRows, 'hashFile' | 'rows' | 'isMalformed'>,
  rowsAtOnce = 1024 * 1024,
): Promise<{ readonly isDuplicate: Bits; readonly duplicates: number }> => {
  const isDuplicate = new Bits();
  let duplicates = 0;
  const shares = Math.ceil(rows / rowsAtOnce);
  for (let share = 0; share < shares; share += 1) {
    const seen = new HashSet(Math.ceil(rows / shares));
    const file = await ScratchReader.open(hashFile);
    try {
      for (let from = 0; from < rows; from += CHUNK_ROWS) {
        const bytes = await file.peek(Math.min(CHUNK_ROWS, rows - from) * HASH_BYTES);
        // A copy begins at a multiple of four.
        const hashes = new Uint32Array(Uint8Array.from(bytes).buffer);
        file.skip(bytes.length);
        for (let at = 0; at < hashes.length; at += WORDS) {
          const row = from + at / WORDS;
          if (shares > 1 && (hashes[at + 1] ?? 0) % shares !== share) continue;
          if (isMalformed.has(row) || seen.add(hashes, at)) continue;
          isDuplicate.add(row);
          duplicates += 1;
        }
      }
    } finally {
      await file.close();
    }
  }
  return { isDuplicate, duplicates };
};
