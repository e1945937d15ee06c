import { describe, expect, test } from '@jest/globals';
import { InvalidDataset } from '@sluice/record-schema';
import { ENGINES } from '../conformance/engines.ts';
import { differencesOf } from '../conformance/fates.ts';
import { renderingsOf } from '../conformance/rendering.ts';
import { readClauses, readVectors } from '../conformance/vectors.ts';

const vectors = readVectors();
const clauses = readClauses();

describe('the conformance suite', () => {
  test('has a vector for every clause', () => {
    const covered = new Set(vectors.map(({ clause }) => clause));
    expect(clauses.filter((clause) => !covered.has(clause))).toEqual([]);
  });

  test('cites only clauses that exist', () => {
    expect(vectors.filter(({ clause }) => !clauses.includes(clause)).map(({ name }) => name)).toEqual([]);
  });

  test('names every vector once', () => {
    const names = vectors.map(({ area, name }) => `${area}: ${name}`);
    expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);
  });
});

describe('definitions', () => {
  for (const vector of vectors) {
    if (vector.kind !== 'definition') continue;
    test(vector.name, () => expect(vector.define).toThrow(InvalidDataset));
  }
});

for (const engine of ENGINES) {
  describe(engine.name, () => {
    for (const vector of vectors) {
      if (vector.kind !== 'object') continue;
      const { input } = vector;
      if (engine.rowsOnly && input.kind === 'bytes' && input.parquet) continue;
      test(`${vector.area}: ${vector.name}`, async () => {
        const { dataset, asOf, pseudonymKey, expected } = vector;
        const context = { asOf, ...(pseudonymKey !== undefined && { pseudonymKey }) };
        const differences: string[] = [];
        for (const { label, ...object } of renderingsOf(dataset, input)) {
          if (object.chunkSize !== null && !engine.streams) continue;
          const found = differencesOf(expected, await engine.run(dataset, object, context));
          differences.push(...found.map((difference) => `${label}: ${difference}`));
        }
        expect(differences).toEqual([]);
      });
    }
  });
}
