import type { ScoredObject, ScoreRequest } from '@sluice/data-quality';
import { failpoint, type ObjectStore, putJson, withLocalFile } from '@sluice/lake-storage';
import { stagingPrefix } from '@sluice/lake-storage/zones';
import type { Dataset } from '@sluice/record-schema';
import { RefusedObject } from '@sluice/record-transform/reading';
import {
  qualityReport,
  type RunInput,
  refusalOf,
  type ScoreQualityOutput,
  type StagedQuality,
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

/** Profiles and scores one object, and leaves the report in staging. */
export const scoreQuality = async (run: RunInput, deps: ScoreQualityDeps): Promise<ScoreQualityOutput> => {
  const dataset = deps.findDataset(run.dataset);
  if (!dataset) throw new Error(`There is no dataset ${run.dataset}.`);
  const { objects, curatedBucket: bucket } = deps;
  const reportAt = { bucket, key: `${stagingPrefix(run.runId)}${stagedName.quality}` };
  const stageReport = (report: StagedQuality) => putJson(objects, reportAt, report);

  return deps.withScratchFolder(async (scratchDir) => {
    const scored = await score(run, dataset, scratchDir, deps);
    if (scored instanceof RefusedObject) {
      const refusal = refusalOf(scored.code, scored.message);
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
  });
};

const score = async (
  { object }: RunInput,
  dataset: Dataset,
  scratchDir: string,
  { objects, scoreObject }: ScoreQualityDeps,
): Promise<ScoredObject | RefusedObject> => {
  const { etag, size: _size, ...version } = object;
  return withLocalFile(objects, version, scratchDir, { ifMatch: etag }, async (path) => {
    try {
      return await scoreObject({ dataset, key: object.key, path, scratchDir });
    } catch (error) {
      if (error instanceof RefusedObject) return error;
      throw error;
    }
  });
};
