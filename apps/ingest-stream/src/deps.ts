import { S3Client } from '@aws-sdk/client-s3';
import { datasets } from '@sluice/datasets';
import { s3Store } from '@sluice/lake-storage/s3';
import { parseEnv } from '@sluice/lambda-kit';
import { environment } from './env.ts';
import type { IngestRecordsDeps } from './ingest-records.ts';
import type { DatasetBy } from './judge-record.ts';

export const buildDeps = (): IngestRecordsDeps => {
  const { RAW_BUCKET, CURATED_BUCKET, DATASET, DATASET_FIELD, PARALLELIZATION_FACTOR } =
    parseEnv(environment);
  return {
    findDataset: (name) => datasets.get(name),
    datasetBy: DATASET === undefined ? byField(DATASET_FIELD ?? '') : byStream(DATASET),
    objects: s3Store(new S3Client({})),
    rawBucket: RAW_BUCKET,
    curatedBucket: CURATED_BUCKET,
    parallelizationFactor: PARALLELIZATION_FACTOR,
  };
};

// What cannot work fails the cold start: record by record it would fill the quarantine.
const byStream = (name: string): DatasetBy => {
  if (!datasets.get(name)?.source.formats.includes('json'))
    throw new Error(`Environment: DATASET names ${name}, which is no dataset that takes JSON.`);
  return { dataset: name };
};

const byField = (field: string): DatasetBy => {
  const declaring = [...datasets.values()].find(({ fields }) => fields.some(({ from }) => from === field));
  if (declaring)
    throw new Error(`Environment: DATASET_FIELD is ${field}, which is a field of ${declaring.name}.`);
  return { field };
};
