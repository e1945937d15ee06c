import { GlueCatalogDatabase } from '@cdktf/provider-aws/lib/glue-catalog-database/index.js';
import { LakeformationDataLakeSettings } from '@cdktf/provider-aws/lib/lakeformation-data-lake-settings/index.js';
import {
  LakeformationPermissions,
  type LakeformationPermissionsConfig,
} from '@cdktf/provider-aws/lib/lakeformation-permissions/index.js';
import { LakeformationResource } from '@cdktf/provider-aws/lib/lakeformation-resource/index.js';
import { datasets } from '@sluice/datasets';
import { hasTable, personalColumns } from '@sluice/record-schema';
import { dependable } from 'cdktf';
import { Construct } from 'constructs';
import type { Environment } from '../environments/environment.ts';
import type { Catalogue } from './catalogue.ts';
import type { Deployment } from './deployment.ts';
import { allow } from './policy.ts';
import { ServiceRole } from './role.ts';
import { workgroup } from './workgroup.ts';
import type { Zones } from './zones.ts';

type Settings = NonNullable<Environment['optIns']['columnGrants']>;

interface ColumnGrantsProps extends Settings {
  readonly catalogue: Catalogue;
  readonly zones: Pick<Zones, 'curated' | 'analytics'>;
  /** Encrypts the zones. */
  readonly dataKeyArn: string;
  /** The role that adds partitions to the datasets' tables. */
  readonly publishRoleArn: string;
  /** The role that keeps the tables of the raw database. */
  readonly crawlerRoleArn: string;
}

/** A grant but for to whom, and what it waits for. */
type Grant = Omit<LakeformationPermissionsConfig, 'principal' | 'dependsOn'>;

/**
 * Lake Formation decides who sees which column. Analysts see the datasets' tables without the columns of personal data,
 * and nothing of the raw database, of the runs or of the objects themselves.
 *
 * Its settings belong to the account and region, not to this lake: administrators listed elsewhere are replaced, and new
 * databases and tables, the neighbours' too, are no longer open to whatever IAM allows. What exists keeps its grants. So
 * does this lake if it was there first: docs/opt-ins.md says how to take them back.
 */
export class ColumnGrants extends Construct {
  constructor(scope: Construct, id: string, deployment: Deployment, props: ColumnGrantsProps) {
    super(scope, id);
    const { catalogue, zones } = props;
    const { curated } = zones;
    const hasTables = [...datasets.values()].some(hasTable);
    const folders = hasTables ? ['processed', 'tables'] : ['processed'];

    // Without default permissions: a null is Lake Formation's own access control.
    // https://docs.aws.amazon.com/lake-formation/latest/APIReference/API_DataLakeSettings.html
    const settings = new LakeformationDataLakeSettings(this, 'settings', {
      admins: [...props.administrators],
    });
    // A database that is made before them, or a table in it, is open to IAM.
    for (const database of catalogue.node.findAll()) {
      if (database instanceof GlueCatalogDatabase) database.dependsOn = [dependable(settings)];
    }

    // Lends readers the objects of what they may see; nobody writes through Lake Formation.
    const reader = new ServiceRole(this, 'published-data', deployment, {
      description: 'Reads published rows for whoever Lake Formation lets',
      service: 'lakeformation.amazonaws.com',
      may: [
        allow(
          'ReadPublishedRows',
          ['s3:GetObject'],
          folders.map((folder) => `${curated.arn}/${folder}/*`),
        ),
        allow('ListPublishedRows', ['s3:ListBucket'], [curated.arn], {
          StringLike: { 's3:prefix': folders.flatMap((folder) => [folder, `${folder}/*`]) },
        }),
        allow('DecryptPublishedRows', ['kms:Decrypt'], [props.dataKeyArn], {
          StringEquals: { 'kms:ViaService': `s3.${deployment.environment.region}.amazonaws.com` },
        }),
      ],
    });
    const registered = (name: string, folder: string): LakeformationResource =>
      new LakeformationResource(this, name, {
        arn: `${curated.arn}/${folder}`,
        roleArn: reader.arn,
        // Else IAM decides as before, wherever nobody has opted in.
        hybridAccessEnabled: false,
        dependsOn: [settings, reader.policy],
      });
    const published = registered('published', 'processed');
    if (hasTables) registered('tables', 'tables');

    const grant = (to: string, principal: string, name: string, what: Grant): void => {
      new LakeformationPermissions(this, `${to}-${name}`, { principal, dependsOn: [settings], ...what });
    };
    for (const analyst of props.analysts) {
      const to = nameOf(analyst);
      grant(to, analyst, 'database', {
        permissions: ['DESCRIBE'],
        database: { name: catalogue.databaseName },
      });
      for (const [dataset, table] of catalogue.tables) {
        const name = { databaseName: catalogue.databaseName, name: table.name };
        const hidden = hiddenColumns(dataset);
        grant(to, analyst, dataset, {
          permissions: ['SELECT'],
          ...(hidden.length === 0
            ? { table: name }
            : { tableWithColumns: { ...name, wildcard: true, excludedColumnNames: [...hidden] } }),
        });
        // A view reads all columns of its table, as whoever asks: one with hidden columns would answer nobody.
        const view = catalogue.uniqueViews.get(dataset);
        if (!view || hidden.length > 0) continue;
        grant(to, analyst, view.name, {
          permissions: ['SELECT'],
          table: { databaseName: catalogue.databaseName, name: view.name },
        });
      }
    }

    // Whoever may read the results in a folder reads everybody's, so analysts share theirs with nobody who sees more.
    workgroup(this, deployment, {
      name: deployment.nameOf('analysts'),
      description: `Questions of analysts to ${deployment.environment.namePrefix}`,
      zones,
      results: 'analyst-results',
      keyArn: props.dataKeyArn,
    });

    // The lake's own roles, which IAM alone allowed before.
    for (const [dataset, table] of catalogue.tables) {
      grant('publish-run', props.publishRoleArn, dataset, {
        permissions: ['ALTER', 'DESCRIBE', 'INSERT'],
        table: { databaseName: catalogue.databaseName, name: table.name },
      });
    }
    // To add a partition is to point at a place.
    grant('publish-run', props.publishRoleArn, 'location', {
      permissions: ['DATA_LOCATION_ACCESS'],
      dataLocation: { arn: published.arn },
    });
    grant('crawlers', props.crawlerRoleArn, 'database', {
      permissions: ['CREATE_TABLE', 'DESCRIBE'],
      database: { name: catalogue.rawDatabaseName },
    });
    // What they made themselves they may change anyway; this is for what an earlier role has left.
    grant('crawlers', props.crawlerRoleArn, 'tables', {
      permissions: ['ALTER', 'DESCRIBE', 'INSERT'],
      table: { databaseName: catalogue.rawDatabaseName, wildcard: true },
    });
  }
}

const hiddenColumns = (name: string): readonly string[] => {
  const dataset = datasets.get(name);
  if (!dataset) throw new Error(`The catalogue has a table for ${name}, which is no dataset.`);
  return personalColumns(dataset);
};

/** `role-analyst` of `arn:aws:iam::123456789012:role/analyst`. */
const nameOf = (principal: string): string =>
  (principal.split(':').at(-1) ?? principal).replaceAll(/[^A-Za-z0-9]+/g, '-');
