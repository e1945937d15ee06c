import { type ObjectRequest, type OpenObject, openObject, type ReadObject } from '@sluice/record-transform';
import { judge, type Verdict } from './judge.ts';
import type { Profile } from './profile.ts';

export interface ScoreRequest extends ObjectRequest {
  /** How the object is opened; by default it is read anew, and nothing is kept. */
  readonly open?: OpenObject | undefined;
}

export interface ScoredObject {
  readonly profile: Profile;
  readonly verdict: Verdict;
}

const profileOf = ({ source, marks }: ReadObject): Profile => {
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
export const scoreObject = ({ open = openObject, ...request }: ScoreRequest): Promise<ScoredObject> =>
  open(request, async (object) => {
    const profile = profileOf(object);
    return { profile, verdict: judge(request.dataset, profile) };
  });
