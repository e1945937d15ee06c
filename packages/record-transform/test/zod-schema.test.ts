import { describe, expect, test } from '@jest/globals';
import { zodSchema } from '@sluice/record-schema';
import { readVectors } from '../conformance/vectors.ts';

// The schema is what senders are told by before a row reaches an engine, so it is held to the same vectors: those
// that lay down cells, whatever the format that they come in.
describe('the Zod schema of a dataset gives the reasons that the engines give', () => {
  const vectors = readVectors().flatMap((vector) =>
    vector.kind === 'object' && vector.input.kind === 'cells' && 'rows' in vector.expected
      ? [{ ...vector, rows: vector.input.rows, fates: vector.expected.rows }]
      : [],
  );

  test('there are vectors to hold it to', () => {
    expect(vectors.length).toBeGreaterThan(100);
  });

  test.each(vectors.map((vector) => [`${vector.area}: ${vector.name}`, vector] as const))(
    '%s',
    (_title, { dataset, rows, fates }) => {
      const schema = zodSchema(dataset);
      const nameOf = new Map(dataset.fields.map((field) => [field.from, field.name]));
      for (const [at, cells] of rows.entries()) {
        const fate = fates[at];
        if (fate?.fate === 'duplicate') continue;
        const record = Object.fromEntries(dataset.fields.map((field, column) => [field.from, cells[column]]));
        const reasons = (schema.safeParse(record).error?.issues ?? []).map((issue) => ({
          field: nameOf.get(String(issue.path[0])),
          code: issue.message,
        }));
        expect([record, reasons]).toEqual([record, fate?.fate === 'quarantined' ? fate.reasons : []]);
      }
    },
  );
});
