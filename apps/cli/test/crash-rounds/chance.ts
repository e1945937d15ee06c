import { createHash } from 'node:crypto';

/** A number in [0, 1) that depends on nothing but what it is about. */
export const chanceOf = (seed: number, ...about: readonly (string | number)[]): number =>
  createHash('sha256')
    .update(JSON.stringify([seed, ...about]))
    .digest()
    .readUInt32BE() /
  2 ** 32;
