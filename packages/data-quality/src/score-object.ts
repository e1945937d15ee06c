import { join } from 'node:path';
import type { Dataset } from '@sluice/record-schema';
import {
  type EngineLimits,
  markRows,
  openSource,
  type RowMarks,
  type Source,
  type StatementProgress,
  withSession,
  writeMarks,
} from '@sluice/record-transform';
import { judge, type Verdict } from './judge.ts';
import type { Profile } from './profile.ts';

export interface ScoreRequest {
  readonly dataset: Dataset;
  /** The object's key: its extension says the format. */
  readonly key: string;
  /** The object as a local file. */
  readonly path: string;
  /** An existing folder; what is left in it is the caller's to remove. */
  readonly scratchDir: string;
  readonly limits: EngineLimits;
  readonly onProgress?: (progress: StatementProgress) => void;
}

export interface ScoredObject {
  readonly profile: Profile;
  readonly verdict: Verdict;
  /** Which rows are duplicates or faulty (a file in the scratch folder), so that the transform need not find out again. */
  readonly marks: { readonly path: string } | null;
}

const profileOf = (source: Source, marks: RowMarks): Profile => {
  const malformed = source.malformed.rows;
  return {
    rowsIn: source.rowsIn,
    malformed,
    duplicates: marks.duplicates,
    columns: source.dataset.fields.map(({ name, type }, at) => {
      const { nulls = 0, invalid = 0, numericLooking = 0 } = marks.fields[at] ?? {};
      return { name, type, nulls: nulls + malformed, invalid, ...(type === 'text' && { numericLooking }) };
    }),
  };
};

/**
 * Profiles one object and judges it. A fault throws: it is a failure of the run, never a score.
 *
 * @throws {RefusedObject} if the object cannot be read at all
 */
export const scoreObject = ({
  scratchDir,
  limits,
  onProgress,
  ...request
}: ScoreRequest): Promise<ScoredObject> =>
  withSession({ scratchDir, limits, onProgress }, async (session) => {
    const source = await openSource(session, { ...request, scratchDir });
    const profile = profileOf(source, await markRows(session, source));
    const path = join(scratchDir, 'marks.parquet');
    await writeMarks(session, source, path);
    return { profile, verdict: judge(request.dataset, profile), marks: { path } };
  });
