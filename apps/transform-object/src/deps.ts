import { S3Client } from '@aws-sdk/client-s3';
import { datasets } from '@sluice/datasets';
import { s3Store } from '@sluice/lake-storage/s3';
import { engineLimits, parseEnv, withScratchFolder } from '@sluice/lambda-kit';
import { stageObject } from '@sluice/record-transform';
import { environment } from './env.ts';
import type { TransformObjectDeps } from './transform-object.ts';

export const buildDeps = (): TransformObjectDeps => {
  const { CURATED_BUCKET, PSEUDONYM_KEY } = parseEnv(environment);
  const secrets = PSEUDONYM_KEY === undefined ? {} : { pseudonymKey: PSEUDONYM_KEY };
  const limits = engineLimits();
  return {
    findDataset: (name) => datasets.get(name),
    objects: s3Store(new S3Client({})),
    curatedBucket: CURATED_BUCKET,
    withScratchFolder,
    stageObject: ({ asOf, ...request }) => stageObject({ ...request, context: { asOf, ...secrets }, limits }),
  };
};
