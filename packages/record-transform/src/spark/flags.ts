import type { Field } from '@sluice/record-schema';
import { columnsOf, faultsOf } from './fields.ts';
import { isNumber } from './numbers.ts';
import type { PlannedColumn } from './plan.ts';
import { identifier } from './sql.ts';

/** Flags of so many fields go into one BIGINT: an object of 2,000 columns has 100 columns of flags, not 6,000. */
const FLAGS_PER_MASK = 62;

const FIGURES = ['nulls', 'invalid', 'numeric'] as const;
type Figure = (typeof FIGURES)[number];

/** Whether a cell counts for a figure, over the marks of its field; null if cells of such a field never do. */
const flagOf = (figure: Figure, field: Field, at: number): string | null => {
  const { trimmed, isNull, fault } = columnsOf(at, 'mark');
  switch (figure) {
    case 'nulls':
      return identifier(isNull);
    case 'invalid': {
      const faults = faultsOf(field).filter(({ code }) => code !== 'missing');
      const bits = faults.reduce((sum, { bit }) => sum + bit, 0);
      return faults.length > 0 ? `(${identifier(fault)} & ${bits}) <> 0` : null;
    }
    case 'numeric':
      return field.type === 'text' ? `NOT ${identifier(isNull)} AND ${isNumber(identifier(trimmed))}` : null;
  }
};

const bitOf = (at: number): string => `${2n ** BigInt(at % FLAGS_PER_MASK)}L`;
const maskName = (figure: Figure, at: number): string => `${figure} mask ${Math.floor(at / FLAGS_PER_MASK)}`;

const masksOf = (figure: Figure, fields: readonly Field[]): readonly PlannedColumn[] => {
  const masks = new Map<string, string[]>();
  for (const [at, field] of fields.entries()) {
    const flag = flagOf(figure, field, at);
    if (flag === null) continue;
    const name = maskName(figure, at);
    masks.set(name, [...(masks.get(name) ?? []), `CASE WHEN ${flag} THEN ${bitOf(at)} ELSE 0L END`]);
  }
  return Array.from(masks, ([name, flags]) => ({ name, sql: flags.join(' | ') }));
};

/** What the profile counts of a row, over the marks of its fields. */
export const flagColumns = (fields: readonly Field[]): readonly PlannedColumn[] =>
  FIGURES.flatMap((figure) => masksOf(figure, fields));

/** Aggregates over those. */
export const profileColumns = (fields: readonly Field[]): readonly PlannedColumn[] =>
  fields.flatMap((field, at) =>
    FIGURES.map((figure): PlannedColumn => {
      const name = `${figure} ${at}`;
      if (flagOf(figure, field, at) === null) return { name, sql: 'CAST(0 AS BIGINT)' };
      return { name, sql: `count_if(${identifier(maskName(figure, at))} & ${bitOf(at)} <> 0L)` };
    }),
  );
