import type { RowFate } from '../src/index.ts';
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
