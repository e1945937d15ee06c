import type { Dataset, QualityCheck } from '@sluice/record-schema';
import { type Fraction, fraction, isAbove, minus, plus, roundHalfUp } from './fractions.ts';
import type { ColumnProfile, Profile } from './profile.ts';

export interface Cost {
  readonly figure: 'nulls' | 'duplicates' | 'rows';
  /** Taken off 100, rounded for reading; the score is rounded by itself. */
  readonly points: number;
  readonly because: string;
}

export interface Finding {
  readonly level: 'error' | 'warning' | 'note';
  readonly code: 'many_nulls' | 'many_duplicates' | 'numeric_text' | 'few_rows';
  readonly field?: string;
  readonly message: string;
}

export interface CheckResult {
  readonly check: QualityCheck['check'];
  readonly field?: string;
  readonly level: 'error' | 'warning';
  readonly passed: boolean;
  readonly actual: number;
  readonly allowed: number;
}

/** What the profile is worth, and which figure cost how many points. */
export interface Verdict {
  /** 0 to 100, half up to two places. */
  readonly score: number;
  readonly threshold: number;
  /** The score reaches the threshold, or there are too few rows to hold it against them; no check of level `error` failed. */
  readonly passed: boolean;
  readonly costs: readonly Cost[];
  readonly findings: readonly Finding[];
  readonly checks: readonly CheckResult[];
}

const ZERO = fraction(0, 1);
const HUNDRED = fraction(100, 1);
const NUMERIC_TEXT_PERCENT = 80;

const percentOf = (part: number, whole: number): Fraction =>
  whole === 0 ? ZERO : fraction(part * 100, whole);
const shown = (of: Fraction): string => `${roundHalfUp(of)} %`;

const nullCells = (columns: readonly ColumnProfile[]): number =>
  columns.reduce((sum, { nulls }) => sum + nulls, 0);

const nullFindings = (percent: Fraction): readonly Finding[] => {
  const level = isAbove(percent, 50) ? 'error' : isAbove(percent, 20) ? 'warning' : null;
  return level ? [{ level, code: 'many_nulls', message: `${shown(percent)} of all cells are null` }] : [];
};

const duplicateFindings = (percent: Fraction): readonly Finding[] => {
  const level = isAbove(percent, 30) ? 'error' : isAbove(percent, 10) ? 'warning' : null;
  return level
    ? [{ level, code: 'many_duplicates', message: `${shown(percent)} of all rows are duplicates` }]
    : [];
};

const numericTextFindings = (profile: Profile): readonly Finding[] =>
  profile.columns.flatMap(({ name, nulls, numericLooking = 0 }): readonly Finding[] => {
    const share = percentOf(numericLooking, profile.rowsIn - nulls);
    if (!isAbove(share, NUMERIC_TEXT_PERCENT)) return [];
    return [
      {
        level: 'note',
        code: 'numeric_text',
        field: name,
        message: `${name} is text, yet ${shown(share)} of its values look like numbers`,
      },
    ];
  });

/** Of a few rows a single bad one is a large share. */
const fewRows = (rowsIn: number, from: number): readonly Finding[] =>
  rowsIn >= from
    ? []
    : [
        {
          level: 'note',
          code: 'few_rows',
          message: `${rowsIn} ${rowsIn === 1 ? 'row is' : 'rows are'} too few for the score to close the gate, which takes ${from}`,
        },
      ];

const evaluate = (check: QualityCheck, profile: Profile): CheckResult => {
  const { level } = check;
  const atMost = (actual: Fraction, allowed: number, field?: string): CheckResult => ({
    check: check.check,
    ...(field !== undefined && { field }),
    level,
    passed: !isAbove(actual, allowed),
    actual: roundHalfUp(actual),
    allowed,
  });
  const column = 'field' in check ? profile.columns.find(({ name }) => name === check.field) : undefined;
  switch (check.check) {
    case 'max_null_percent':
      return atMost(percentOf(column?.nulls ?? 0, profile.rowsIn), check.percent, check.field);
    case 'max_invalid_percent':
      return atMost(percentOf(column?.invalid ?? 0, profile.rowsIn), check.percent, check.field);
    case 'max_duplicate_percent':
      return atMost(percentOf(profile.duplicates, profile.rowsIn), check.percent);
    case 'min_rows':
      return {
        check: check.check,
        level,
        passed: profile.rowsIn >= check.rows,
        actual: profile.rowsIn,
        allowed: check.rows,
      };
  }
};

/** What nulls take off the score: their share of all cells, or ten points per whole column of them. */
const nullCost = (
  dataset: Dataset,
  profile: Profile,
): { readonly points: Fraction; readonly because: string } => {
  const cells = nullCells(profile.columns);
  const all = profile.rowsIn * profile.columns.length;
  switch (dataset.quality.score) {
    case 'cells':
      return { points: percentOf(cells, all), because: `${cells} of ${all} cells are null` };
    case 'columns':
      return {
        points: fraction(cells * 10, profile.rowsIn),
        because: `10 points per column's share of nulls (${cells} null cells in ${profile.rowsIn} rows)`,
      };
  }
};

/** Scores a profile and says why. Pure: the same profile has the same verdict everywhere. */
export const judge = (dataset: Dataset, profile: Profile): Verdict => {
  const { threshold, gateFrom, checks: demanded } = dataset.quality;
  const { rowsIn, duplicates, columns } = profile;
  const checks = demanded.map((check) => evaluate(check, profile));
  const few = rowsIn === 0 ? [] : fewRows(rowsIn, gateFrom);
  const gate = (score: number): boolean =>
    (score >= threshold || few.length > 0) &&
    checks.every(({ passed, level }) => passed || level === 'warning');
  if (rowsIn === 0) {
    const costs: readonly Cost[] = [{ figure: 'rows', points: 100, because: 'there are no rows' }];
    return { score: 0, threshold, passed: gate(0), costs, findings: [], checks };
  }
  const nulls = nullCost(dataset, profile);
  const duplicatePercent = percentOf(duplicates, rowsIn);
  const left = minus(HUNDRED, plus(nulls.points, duplicatePercent));
  const score = left.over > 0n ? roundHalfUp(left) : 0;
  return {
    score,
    threshold,
    passed: gate(score),
    costs: [
      { figure: 'nulls', points: roundHalfUp(nulls.points), because: nulls.because },
      {
        figure: 'duplicates',
        points: roundHalfUp(duplicatePercent),
        because: `${duplicates} of ${rowsIn} rows are duplicates`,
      },
    ],
    findings: [
      ...nullFindings(percentOf(nullCells(columns), rowsIn * columns.length)),
      ...duplicateFindings(duplicatePercent),
      ...numericTextFindings(profile),
      ...few,
    ],
    checks,
  };
};
