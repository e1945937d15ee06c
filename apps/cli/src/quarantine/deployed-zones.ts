import type { ZoneBuckets } from '@sluice/lake-storage/zones';
import { type DeployedLake, openDeployedLake } from '../deployed/deployed-lake.ts';
import { type DeployedExecutions, withExecutions } from '../deployed/executions.ts';
import type { LakeZones } from './lake-zones.ts';

export interface DeployedQuarantine {
  readonly lake: DeployedLake;
  readonly zones: LakeZones;
  readonly executions: DeployedExecutions;
}

/**
 * Runs `work` on the lake of an environment, with the caller's own credentials.
 *
 * @throws {CliError} if there is no such environment, or AWS takes no credentials
 */
export const withDeployedZones = async <T>(
  environment: string,
  work: (deployed: DeployedQuarantine) => Promise<T>,
): Promise<T> => {
  const lake = await openDeployedLake(environment);
  const [{ S3Client }, { s3Store }] = await Promise.all([
    import('@aws-sdk/client-s3'),
    import('@sluice/lake-storage/s3'),
  ]);
  const client = new S3Client({ region: lake.region });
  const buckets: ZoneBuckets = {
    raw: lake.bucketOf('raw'),
    curated: lake.bucketOf('curated'),
    analytics: lake.bucketOf('analytics'),
    scripts: lake.bucketOf('scripts'),
  };
  try {
    return await withExecutions(lake, (executions) =>
      work({
        lake,
        executions,
        zones: {
          store: s3Store(client),
          buckets,
          name: environment,
          option: ` --env ${environment}`,
          shown: ({ bucket, key }) => `s3://${bucket}/${key}`,
          // All executions of ninety days are too many to list: the whole id is asked for.
          executed: async (runId) =>
            /^[\w-]{1,47}-[0-9a-f]{32}$/.test(runId) && (await executions.find(runId)) ? [runId] : [],
        },
      }),
    );
  } finally {
    client.destroy();
  }
};
