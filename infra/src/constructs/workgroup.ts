import { AthenaWorkgroup } from '@cdktf/provider-aws/lib/athena-workgroup/index.js';
import type { Construct } from 'constructs';
import type { Deployment } from './deployment.ts';
import type { Zones } from './zones.ts';

interface WorkgroupProps {
  readonly name: string;
  readonly description: string;
  readonly zones: Pick<Zones, 'analytics'>;
  /** The folder of the analytics zone that results go to. */
  readonly results: string;
  /** Encrypts the results. */
  readonly keyArn: string;
}

/** A workgroup of Athena, whose limits nobody can opt out of. */
export const workgroup = (
  scope: Construct,
  deployment: Deployment,
  { name, description, zones, results, keyArn }: WorkgroupProps,
): AthenaWorkgroup => {
  const { environment, accountId } = deployment;
  return new AthenaWorkgroup(scope, 'workgroup', {
    name,
    description,
    // The history of queries goes with it, the queries of `queries/` can be made again.
    forceDestroy: !environment.protected,
    configuration: {
      enforceWorkgroupConfiguration: true,
      publishCloudwatchMetricsEnabled: true,
      bytesScannedCutoffPerQuery: environment.athena.maxScannedBytes,
      engineVersion: { selectedEngineVersion: 'Athena engine version 3' },
      resultConfiguration: {
        outputLocation: `s3://${zones.analytics.name}/${results}/`,
        expectedBucketOwner: accountId,
        encryptionConfiguration: { encryptionOption: 'SSE_KMS', kmsKeyArn: keyArn },
      },
    },
  });
};
