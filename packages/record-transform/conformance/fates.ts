import type { Reason, RefusalCode, RowFate, Value } from '../src/index.ts';
import type { EngineAnswer } from './conformance-engine.ts';

const showValue = (value: unknown): string => {
  if (Object.is(value, -0)) return '-0';
  if (typeof value !== 'number') return JSON.stringify(value) ?? String(value);
  const bits = Buffer.alloc(8);
  bits.writeDoubleBE(value);
  return Number.isSafeInteger(value) ? `${value}` : `${value} (${bits.toString('hex')})`;
};

const showFate = (fate: RowFate | undefined): string => {
  if (!fate) return 'no row';
  switch (fate.fate) {
    case 'accepted':
      return `accepted [${fate.values.map(showValue).join(', ')}]`;
    case 'quarantined':
      return `quarantined [${fate.reasons.map(({ field, code }) => `${field ?? 'row'} ${code}`).join(', ')}]`;
    case 'filtered':
      return `filtered by ${fate.rule}`;
    case 'duplicate':
      return 'duplicate';
  }
};

/** Same fate, same codes in the same order, same values bit for bit. */
const sameFate = (a: RowFate | undefined, b: RowFate | undefined): boolean => {
  if (a?.fate === 'accepted' && b?.fate === 'accepted') {
    return (
      a.values.length === b.values.length && a.values.every((value, at) => Object.is(value, b.values[at]))
    );
  }
  return showFate(a) === showFate(b);
};

/** One line for each way in which two answers differ; none if they agree. */
export const differencesOf = (expected: EngineAnswer, got: EngineAnswer): readonly string[] => {
  if ('refused' in expected || 'refused' in got) {
    const show = (of: EngineAnswer): string =>
      'refused' in of ? `refused: ${of.refused}` : `${of.rows.length} rows`;
    const same = 'refused' in expected && 'refused' in got && expected.refused === got.refused;
    return same ? [] : [`expected ${show(expected)}, got ${show(got)}`];
  }
  const count = Math.max(expected.rows.length, got.rows.length);
  const rows = Array.from({ length: count }, (_, at): readonly string[] => {
    const [want, have] = [expected.rows[at], got.rows[at]];
    return sameFate(want, have) ? [] : [`row ${at + 1}: expected ${showFate(want)}, got ${showFate(have)}`];
  }).flat();
  const names = (of: readonly string[]): string => JSON.stringify([...new Set(of)].sort());
  const [want, have] = [names(expected.unknownColumns), names(got.unknownColumns)];
  return want === have ? rows : [...rows, `unknown columns: expected ${want}, got ${have}`];
};

/** What an engine staged. Accepted rows have lost their numbers, and of filtered ones and duplicates there are only counts. */
export interface StagedAnswer {
  readonly rowsIn: number;
  readonly accepted: readonly (readonly Value[])[];
  readonly quarantined: readonly { readonly row: number; readonly reasons: readonly Reason[] }[];
  readonly filtered: readonly { readonly rule: string; readonly rows: number }[];
  readonly duplicates: number;
  readonly unknownColumns: readonly string[];
}

const tally = (lines: readonly string[]): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>();
  for (const line of lines) counts.set(line, (counts.get(line) ?? 0) + 1);
  return counts;
};

/** What a staged object says of its rows, as lines that are equal if it says the same. */
const linesOfStage = (staged: StagedAnswer): readonly string[] => [
  `${staged.rowsIn} rows`,
  ...staged.accepted.map((values) => showFate({ fate: 'accepted', values })),
  ...staged.quarantined.map(
    ({ row, reasons }) => `row ${row}: ${showFate({ fate: 'quarantined', reasons })}`,
  ),
  ...staged.filtered.flatMap(({ rule, rows }) =>
    Array<string>(rows).fill(showFate({ fate: 'filtered', rule })),
  ),
  ...Array<string>(staged.duplicates).fill('duplicate'),
  `unknown columns: ${JSON.stringify([...new Set(staged.unknownColumns)].sort())}`,
];

/** The same fates as they are staged. */
const asStaged = ({
  rows,
  unknownColumns,
}: Exclude<EngineAnswer, { readonly refused: RefusalCode }>): readonly string[] => [
  `${rows.length} rows`,
  ...rows.map((fate, at) =>
    fate.fate === 'quarantined' ? `row ${at + 1}: ${showFate(fate)}` : showFate(fate),
  ),
  `unknown columns: ${JSON.stringify([...new Set(unknownColumns)].sort())}`,
];

/** One line for each way in which an engine staged other rows than it should have; none if all is as expected. */
export const differencesInStage = (
  expected: EngineAnswer,
  got: StagedAnswer | { readonly refused: string },
): readonly string[] => {
  if ('refused' in expected || 'refused' in got) {
    const show = (of: EngineAnswer | StagedAnswer | { readonly refused: string }): string =>
      'refused' in of ? `refused: ${of.refused}` : 'rows';
    return show(expected) === show(got) ? [] : [`expected ${show(expected)}, got ${show(got)}`];
  }
  const [want, have] = [tally(asStaged(expected)), tally(linesOfStage(got))];
  return [...new Set([...want.keys(), ...have.keys()])].flatMap((line) => {
    const [due, found] = [want.get(line) ?? 0, have.get(line) ?? 0];
    return due === found ? [] : [`expected ${due} times, got ${found} times: ${line}`];
  });
};
