import { S3Client } from '@aws-sdk/client-s3';
import { datasets } from '@sluice/datasets';
import { s3Store } from '@sluice/lake-storage/s3';
import { engineLimits, parseEnv, withScratchFolder } from '@sluice/lambda-kit';
import { valuesToParquet } from '@sluice/record-transform';
import type { CollectMapRunDeps } from './collect-map-run.ts';
import { environment } from './env.ts';

export const buildDeps = (): CollectMapRunDeps => {
  const { CURATED_BUCKET, PSEUDONYM_KEY } = parseEnv(environment);
  const limits = engineLimits();
  return {
    findDataset: (name) => datasets.get(name),
    objects: s3Store(new S3Client({})),
    curatedBucket: CURATED_BUCKET,
    pseudonymKey: PSEUDONYM_KEY,
    withScratchFolder,
    valuesToParquet: (dataset, files) => valuesToParquet(dataset, files, limits),
  };
};
