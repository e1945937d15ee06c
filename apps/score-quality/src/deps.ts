import { S3Client } from '@aws-sdk/client-s3';
import { scoreObject } from '@sluice/data-quality';
import { datasets } from '@sluice/datasets';
import { s3Store } from '@sluice/lake-storage/s3';
import { engineLimits, parseEnv, withScratchFolder } from '@sluice/lambda-kit';
import { environment } from './env.ts';
import type { ScoreQualityDeps } from './score-quality.ts';

export const buildDeps = (): ScoreQualityDeps => {
  const { CURATED_BUCKET } = parseEnv(environment);
  const limits = engineLimits();
  return {
    findDataset: (name) => datasets.get(name),
    objects: s3Store(new S3Client({})),
    curatedBucket: CURATED_BUCKET,
    withScratchFolder,
    scoreObject: (request) => scoreObject({ ...request, limits }),
  };
};
