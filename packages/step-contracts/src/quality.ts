import { z } from 'zod';

const rows = z.int().min(0);

/** What a scan of the object saw. */
export const qualityProfile = z.object({
  rowsIn: rows,
  malformed: rows,
  duplicates: rows,
  /** In the order of the dataset's fields. */
  columns: z.array(
    z.object({
      name: z.string(),
      type: z.string(),
      /** A malformed row counts as null in every column. */
      nulls: rows,
      invalid: rows,
      /** Values of a text column that look like numbers. */
      numericLooking: rows.exactOptional(),
    }),
  ),
});
export type QualityProfile = z.output<typeof qualityProfile>;

/** What the profile is worth, and why. */
export const qualityVerdict = z.object({
  /** 0 to 100, at most two places. */
  score: z.number().min(0).max(100),
  threshold: z.number().min(0).max(100),
  /** The score reaches the threshold, or there are too few rows to hold it against them; no check of level `error` failed. */
  passed: z.boolean(),
  /** What the score lost, and to which figure. */
  costs: z.array(z.object({ figure: z.string(), points: z.number(), because: z.string() })),
  findings: z.array(
    z.object({
      level: z.enum(['error', 'warning', 'note']),
      code: z.string(),
      field: z.string().exactOptional(),
      message: z.string(),
    }),
  ),
  checks: z.array(
    z.object({
      check: z.string(),
      field: z.string().exactOptional(),
      level: z.enum(['error', 'warning']),
      passed: z.boolean(),
      actual: z.number(),
      allowed: z.number(),
    }),
  ),
});
export type QualityVerdict = z.output<typeof qualityVerdict>;

/** What the run's manifest takes over as it is. */
export const qualityReport = z.object({ profile: qualityProfile, verdict: qualityVerdict });
export type QualityReport = z.output<typeof qualityReport>;

/** The verdict in one line: `score 62.5, threshold 70 (nulls cost 37.5); failed check min_rows: 3, allowed 10` */
export const summaryOf = ({ score, threshold, costs, checks }: QualityVerdict): string => {
  const lost = costs.filter((one) => one.points > 0).map((one) => `${one.figure} cost ${one.points}`);
  const failed = checks
    .filter((one) => !one.passed && one.level === 'error')
    .map(({ check, field, actual, allowed }) => {
      const subject = field === undefined ? check : `${check} of ${field}`;
      return `; failed check ${subject}: ${actual}, allowed ${allowed}`;
    });
  const because = lost.length > 0 ? ` (${lost.join(', ')})` : '';
  return `score ${score}, threshold ${threshold}${because}${failed.join('')}`;
};
