import type { Dataset } from '@sluice/record-schema';
import { type ObjectRequest, type OpenObject, openObject } from '@sluice/record-transform';
import { judge, type Verdict } from './judge.ts';
import { type Figures, type Profile, profileOf } from './profile.ts';

export interface ScoreRequest extends ObjectRequest {
  /** How the object is opened; by default it is read anew, and nothing is kept. */
  readonly open?: OpenObject | undefined;
}

export interface ScoredObject {
  readonly profile: Profile;
  readonly verdict: Verdict;
}

/** Profiles and judges what an engine counted, the same whichever engine it was. */
export const scoreFigures = (dataset: Dataset, figures: Figures): ScoredObject => {
  const profile = profileOf(dataset, figures);
  return { profile, verdict: judge(dataset, profile) };
};

/**
 * Profiles one object and judges it. A fault throws: it is a failure of the run, never a score.
 *
 * @throws {RefusedObject} if the object cannot be read at all
 */
export const scoreObject = ({ open = openObject, ...request }: ScoreRequest): Promise<ScoredObject> =>
  open(request, async ({ source, marks }) =>
    scoreFigures(request.dataset, {
      rowsIn: source.rowsIn,
      malformed: source.malformed.rows,
      duplicates: marks.duplicates,
      fields: marks.fields,
    }),
  );
