import { AthenaNamedQuery } from '@cdktf/provider-aws/lib/athena-named-query/index.js';
import { AthenaWorkgroup } from '@cdktf/provider-aws/lib/athena-workgroup/index.js';
import { Construct } from 'constructs';
import { namedQueries } from '../named-queries.ts';
import type { Catalogue } from './catalogue.ts';
import type { Deployment } from './deployment.ts';
import type { Zones } from './zones.ts';

interface QueriesProps {
  readonly zones: Pick<Zones, 'analytics'>;
  readonly catalogue: Pick<Catalogue, 'databaseName'>;
  /** Encrypts the results. */
  readonly keyArn: string;
}

/** Athena's workgroup `<prefix>`, whose limits nobody can opt out of, and the queries that are kept in it. */
export class Queries extends Construct {
  readonly workgroup: string;

  constructor(scope: Construct, id: string, deployment: Deployment, props: QueriesProps) {
    super(scope, id);
    const { environment, accountId } = deployment;
    const { zones, catalogue, keyArn } = props;
    const { name } = new AthenaWorkgroup(this, 'workgroup', {
      name: environment.namePrefix,
      description: `Questions to ${environment.namePrefix}`,
      // The history of queries goes with it, the queries of `queries/` can be made again.
      forceDestroy: !environment.protected,
      configuration: {
        enforceWorkgroupConfiguration: true,
        publishCloudwatchMetricsEnabled: true,
        bytesScannedCutoffPerQuery: environment.athena.maxScannedBytes,
        engineVersion: { selectedEngineVersion: 'Athena engine version 3' },
        resultConfiguration: {
          outputLocation: `s3://${zones.analytics.name}/query-results/`,
          expectedBucketOwner: accountId,
          encryptionConfiguration: { encryptionOption: 'SSE_KMS', kmsKeyArn: keyArn },
        },
      },
    });
    this.workgroup = name;
    for (const query of namedQueries(catalogue.databaseName, environment)) {
      new AthenaNamedQuery(this, query.name, {
        name: query.name,
        description: query.description,
        workgroup: name,
        database: catalogue.databaseName,
        query: query.sql,
      });
    }
  }
}
