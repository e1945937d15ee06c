import { type ScoredObject, type ScoreRequest, scoreFigures } from '@sluice/data-quality';
import { failpoint, type ObjectStore, putJson, readJson, withLocalFile } from '@sluice/lake-storage';
import { stagingPrefix } from '@sluice/lake-storage/zones';
import type { Dataset } from '@sluice/record-schema';
import { RefusedObject } from '@sluice/record-transform/reading';
import {
  qualityReport,
  type Refusal,
  refusalOf,
  type ScoreQualityInput,
  type ScoreQualityOutput,
  type StagedQuality,
  stagedFigures,
  stagedName,
} from '@sluice/step-contracts';

export interface ScoreQualityDeps {
  readonly findDataset: (name: string) => Dataset | undefined;
  readonly objects: ObjectStore;
  readonly curatedBucket: string;
  /** Gives the work a folder and removes it afterwards. */
  readonly withScratchFolder: <T>(work: (folder: string) => Promise<T>) => Promise<T>;
  readonly scoreObject: (
    request: Pick<ScoreRequest, 'dataset' | 'key' | 'path' | 'scratchDir'>,
  ) => Promise<ScoredObject>;
}

type Scored = ScoredObject | { readonly refusal: Refusal };

/** Profiles and scores one object, by itself or by what Spark saw of it, and leaves the report in staging. */
export const scoreQuality = async (
  input: ScoreQualityInput,
  deps: ScoreQualityDeps,
): Promise<ScoreQualityOutput> => {
  const dataset = deps.findDataset(input.dataset);
  if (!dataset) throw new Error(`There is no dataset ${input.dataset}.`);
  const { objects, curatedBucket: bucket } = deps;
  const reportAt = { bucket, key: `${stagingPrefix(input.runId)}${stagedName.quality}` };
  const stageReport = (report: StagedQuality) => putJson(objects, reportAt, report);

  const scored = await (input.staged
    ? scoreStaged(dataset, input.staged, deps)
    : scoreRead(dataset, input, deps));
  if ('refusal' in scored) {
    const { code, message } = scored.refusal;
    const refusal = refusalOf(code, message);
    await stageReport({ refusal });
    return { passed: false, refusal };
  }
  const { profile, verdict } = qualityReport.parse(scored);
  failpoint('score:scored');
  await stageReport({ profile, verdict });
  return {
    score: verdict.score,
    threshold: verdict.threshold,
    passed: verdict.passed,
    rowsIn: profile.rowsIn,
    report: reportAt,
  };
};

const scoreStaged = async (
  dataset: Dataset,
  { bucket, prefix }: NonNullable<ScoreQualityInput['staged']>,
  { objects }: ScoreQualityDeps,
): Promise<Scored> => {
  const key = `${prefix}${stagedName.figures}`;
  const staged = await readJson(objects, { bucket, key });
  if (staged === null) throw new Error(`There is no ${key} in bucket ${bucket}: Spark has not finished.`);
  const figures = stagedFigures.parse(staged);
  return 'refusal' in figures ? figures : scoreFigures(dataset, figures);
};

const scoreRead = (
  dataset: Dataset,
  { object }: ScoreQualityInput,
  { objects, scoreObject, withScratchFolder }: ScoreQualityDeps,
): Promise<Scored> => {
  const { etag, size: _size, ...version } = object;
  return withScratchFolder((scratchDir) =>
    withLocalFile(objects, version, scratchDir, { ifMatch: etag }, async (path) => {
      try {
        return await scoreObject({ dataset, key: object.key, path, scratchDir });
      } catch (error) {
        if (error instanceof RefusedObject) return { refusal: error };
        throw error;
      }
    }),
  );
};
