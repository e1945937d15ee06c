import { S3Client } from '@aws-sdk/client-s3';
import { datasets } from '@sluice/datasets';
import { s3Store } from '@sluice/lake-storage/s3';
import { parseEnv } from '@sluice/lambda-kit';
import { environment } from './env.ts';
import { keepJudge } from './keep-judge.ts';
import type { ProcessRowsDeps } from './process-rows.ts';

export const buildDeps = (): ProcessRowsDeps => {
  const { CURATED_BUCKET, PSEUDONYM_KEY } = parseEnv(environment);
  return {
    findDataset: (name) => datasets.get(name),
    objects: s3Store(new S3Client({})),
    curatedBucket: CURATED_BUCKET,
    judgeFor: keepJudge(PSEUDONYM_KEY),
  };
};
