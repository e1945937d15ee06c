import { AthenaNamedQuery } from '@cdktf/provider-aws/lib/athena-named-query/index.js';
import { Construct } from 'constructs';
import { namedQueries } from '../queries/named-queries.ts';
import type { Catalogue } from './catalogue.ts';
import type { Deployment } from './deployment.ts';
import { workgroup } from './workgroup.ts';
import type { Zones } from './zones.ts';

interface QueriesProps {
  readonly zones: Pick<Zones, 'analytics'>;
  readonly catalogue: Pick<Catalogue, 'databaseName'>;
  /** Encrypts the results. */
  readonly keyArn: string;
}

/** Athena's workgroup `<prefix>`, and the queries that are kept in it. */
export class Queries extends Construct {
  readonly workgroup: string;

  constructor(scope: Construct, id: string, deployment: Deployment, props: QueriesProps) {
    super(scope, id);
    const { environment } = deployment;
    const { zones, catalogue, keyArn } = props;
    const { name } = workgroup(this, deployment, {
      name: environment.namePrefix,
      description: `Questions to ${environment.namePrefix}`,
      zones,
      results: 'query-results',
      keyArn,
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
