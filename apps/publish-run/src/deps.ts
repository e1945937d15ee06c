import { GlueClient } from '@aws-sdk/client-glue';
import { S3Client } from '@aws-sdk/client-s3';
import { datasets } from '@sluice/datasets';
import { s3Store } from '@sluice/lake-storage/s3';
import { parseEnv } from '@sluice/lambda-kit';
import { environment } from './env.ts';
import { gluePartitions } from './glue-partition.ts';
import { parquetRowCounter } from './parquet-row-counter.ts';
import type { PublishRunDeps } from './publish-run.ts';

export const buildDeps = (): PublishRunDeps => {
  const { CURATED_BUCKET, GLUE_DATABASE } = parseEnv(environment);
  const objects = s3Store(new S3Client({}));
  return {
    zone: { objects, bucket: CURATED_BUCKET },
    countParquetRows: parquetRowCounter(objects),
    partitionsOf: (dataset) => datasets.get(dataset)?.partitions,
    hasTable: (dataset) => datasets.get(dataset)?.target.format === 'delta',
    addPartition: gluePartitions(new GlueClient({}), GLUE_DATABASE, CURATED_BUCKET),
  };
};
