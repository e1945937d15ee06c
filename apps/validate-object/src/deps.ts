import { S3Client } from '@aws-sdk/client-s3';
import { datasets } from '@sluice/datasets';
import { s3Store } from '@sluice/lake-storage/s3';
import type { ValidateObjectDeps } from './validate-object.ts';

export const buildDeps = (): ValidateObjectDeps => {
  const objects = s3Store(new S3Client({}));
  return {
    findDataset: (name) => datasets.get(name),
    headObject: (object) => objects.head(object),
    readObject: (object, etag) => async (start, end) => {
      const range = end === undefined ? { start } : { start, end };
      const body = await objects.read(object, { range, ifMatch: etag });
      if (!body) throw new Error(`The object ${object.key} in bucket ${object.bucket} has vanished.`);
      return body;
    },
  };
};
