import type { Dataset, ExprNode } from '@sluice/record-schema';
import type { RowFate, Value } from '../src/index.ts';
import { compileRow } from '../src/typescript/compile-row.ts';
import { type DatasetInVector, datasetOf, type Vector } from './vectors.ts';

type ObjectVector = Extract<Vector, { readonly kind: 'object' }>;
type Row = readonly (string | null)[];

/** Several vectors as one, for engines that take seconds to begin with an object. */
export interface VectorsSideBySide {
  readonly names: readonly string[];
  readonly dataset: Dataset;
  readonly asOf: number;
  readonly pseudonymKey: string | undefined;
  readonly input: { readonly kind: 'cells'; readonly rows: readonly Row[] };
  readonly expected: { readonly rows: readonly RowFate[]; readonly unknownColumns: readonly string[] };
}

/** A vector of cells, and one of its rows that is accepted. */
interface Part {
  readonly vector: ObjectVector;
  readonly rows: readonly Row[];
  readonly fates: readonly RowFate[];
  readonly accepted: { readonly row: Row; readonly values: readonly Value[] };
}

const partOf = (vector: ObjectVector): Part | null => {
  const { input, expected, definition } = vector;
  if (input.kind !== 'cells' || 'refused' in expected) return null;
  // What a column is called is up to the vector.
  if (Object.values(definition.fields).some((field) => 'from' in field)) return null;
  const part = { vector, rows: input.rows, fates: expected.rows };
  for (const [at, fate] of expected.rows.entries()) {
    const row = input.rows[at];
    if (fate.fate === 'accepted' && row) return { ...part, accepted: { row, values: fate.values } };
  }
  // None is: nothing at all often is.
  const row = vector.dataset.fields.map(() => '');
  const { dataset, asOf, pseudonymKey } = vector;
  const fate = compileRow(dataset, { asOf, ...(pseudonymKey !== undefined && { pseudonymKey }) })(row);
  return fate.fate === 'accepted' ? { ...part, accepted: { row, values: fate.values } } : null;
};

/** What has to be the same for vectors to stand side by side: the clock, if they look at it, and where they come from. */
const shared = ({ vector: { definition, asOf } }: Part): string =>
  JSON.stringify([
    definition.source ?? null,
    JSON.stringify(definition).includes('withinDays') ? asOf : null,
  ]);

const agreeOnKey = (one: Part, other: Part): boolean => {
  const [key, otherKey] = [one.vector.pseudonymKey, other.vector.pseudonymKey];
  return key === undefined || otherKey === undefined || key === otherKey;
};

const needsNulls = ({ rows }: Part): boolean => rows.flat().includes(null);

const prefixed = (at: number, name: string): string => `v${at}_${name}`;

const renamed = (node: ExprNode, rename: (name: string) => string): ExprNode =>
  // A column is named where `op` says so, and nowhere else.
  JSON.parse(JSON.stringify(node), (_key, value) =>
    value?.op === 'col' ? { ...value, name: rename(value.name) } : value,
  );

const entriesOf = <T>(
  parts: readonly Part[],
  entries: (definition: DatasetInVector) => Readonly<Record<string, T>> | undefined,
  change: (value: T, rename: (name: string) => string) => T,
): Record<string, T> =>
  Object.fromEntries(
    parts.flatMap((part, at) =>
      Object.entries(entries(part.vector.definition) ?? {}).map(([name, value]) => [
        prefixed(at, name),
        change(value, (of) => prefixed(at, of)),
      ]),
    ),
  );

const merge = (parts: readonly [Part, ...Part[]]): VectorsSideBySide => {
  const { definition, asOf } = parts[0].vector;
  const pseudonymKey = parts.find((part) => part.vector.pseudonymKey !== undefined)?.vector.pseudonymKey;
  const dataset = datasetOf({
    ...(definition.source && { source: definition.source }),
    fields: entriesOf(
      parts,
      ({ fields, nullTokens }) =>
        Object.fromEntries(
          Object.entries(fields).map(([name, field]) => [
            name,
            { ...(nullTokens && { nullTokens }), ...field },
          ]),
        ),
      (field) => field,
    ),
    derived: entriesOf(parts, ({ derived }) => derived, renamed),
    rules: entriesOf(parts, ({ rules }) => rules, renamed),
  });
  const valuesAt = (own: Part, values: readonly Value[]): readonly Value[] => {
    const byName = new Map(
      parts.flatMap((part, at) =>
        part.vector.dataset.columns.map(
          ({ name }, column) =>
            [prefixed(at, name), (part === own ? values : part.accepted.values)[column] ?? null] as const,
        ),
      ),
    );
    return dataset.columns.map(({ name }) => byName.get(name) ?? null);
  };
  const fateAt = (own: Part, at: number, fate: RowFate): RowFate => {
    switch (fate.fate) {
      case 'accepted':
        return { fate: 'accepted', values: valuesAt(own, fate.values) };
      case 'filtered':
        return { fate: 'filtered', rule: prefixed(at, fate.rule) };
      case 'quarantined':
        return {
          fate: 'quarantined',
          reasons: fate.reasons.map((reason) =>
            reason.field === null ? reason : { ...reason, field: prefixed(at, reason.field) },
          ),
        };
      case 'duplicate':
        return fate;
    }
  };
  const seen = new Set<string>();
  const rows: Row[] = [];
  const fates: RowFate[] = [];
  for (const [at, own] of parts.entries()) {
    for (const [n, fate] of own.fates.entries()) {
      const row = parts.flatMap((part) => (part === own ? (own.rows[n] ?? []) : part.accepted.row));
      const key = JSON.stringify(row);
      rows.push(row);
      fates.push(seen.has(key) ? { fate: 'duplicate' } : fateAt(own, at, fate));
      seen.add(key);
    }
  }
  return {
    names: parts.map(({ vector: { area, name } }) => `${area}: ${name}`),
    dataset,
    asOf,
    pseudonymKey,
    input: { kind: 'cells', rows },
    expected: { rows: fates, unknownColumns: [] },
  };
};

/**
 * Puts vectors of cells into one dataset, up to so many columns each. In a row of one vector the fields of the others
 * hold a row that they accept, so that what becomes of it is up to the one. `alone`: vectors that cannot be merged.
 */
export const sideBySide = (
  vectors: readonly ObjectVector[],
  columns: number,
): { readonly merged: readonly VectorsSideBySide[]; readonly alone: readonly ObjectVector[] } => {
  const alone: ObjectVector[] = [];
  const groups: { readonly key: string; readonly parts: [Part, ...Part[]]; size: number }[] = [];
  const parts: Part[] = [];
  for (const vector of vectors) {
    const part = partOf(vector);
    if (part) parts.push(part);
    else alone.push(vector);
  }
  // Nulls come as JSON only, and so does what stands beside them: those with nulls stand together.
  parts.sort((a, b) => Number(needsNulls(b)) - Number(needsNulls(a)));
  for (const part of parts) {
    const { vector } = part;
    const size = vector.dataset.fields.length + vector.dataset.columns.length;
    const key = shared(part);
    const group = groups.find(
      (one) =>
        one.key === key && one.size + size <= columns && one.parts.every((other) => agreeOnKey(part, other)),
    );
    if (group) {
      group.parts.push(part);
      group.size += size;
    } else {
      groups.push({ key, parts: [part], size });
    }
  }
  return { merged: groups.map(({ parts }) => merge(parts)), alone };
};
