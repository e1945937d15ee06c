import { describe, expect, test } from '@jest/globals';
import { datasets } from '@sluice/datasets';
import { glueColumns, gluePartitionKeys, personalColumns } from '@sluice/record-schema';
import { dev } from '../src/environments/dev.ts';
import type { Environment } from '../src/environments/environment.ts';
import { everythingOn } from './everything-on.ts';
import { at, type Resource, resources, stackOf, statementsOf } from './synthesized.ts';

const stack = stackOf(everythingOn);
const analyst = 'arn:aws:iam::000000000000:role/analyst';
const database = `\${aws_glue_catalog_database.catalogue_database.name}`;
const rawDatabase = `\${aws_glue_catalog_database.catalogue_raw_database.name}`;
const table = (dataset: string): string =>
  `\${aws_glue_catalog_table.catalogue_table_${dataset.replaceAll('-', '_')}.name}`;
const roleOf = (address: string): string => `\${aws_iam_role.${address}.arn}`;
const publishRun = roleOf('functions_publish_run_publish_run_role');
const crawlers = roleOf('crawlers_crawlers_role');

const only = (type: string): Resource => {
  const [found, ...others] = resources(stack, type);
  if (!found || others.length > 0) throw new Error(`the stack has not one ${type}`);
  return found;
};
const settings = only('aws_lakeformation_data_lake_settings');
const grants = resources(stack, 'aws_lakeformation_permissions').map(({ body }) => body);
const grantsTo = (principal: string) => grants.filter((grant) => grant.principal === principal);

describe('analysts', () => {
  const selects = grantsTo(analyst).filter(({ permissions }) => String(permissions) === 'SELECT');
  /** The columns that a grant opens, in the words of Lake Formation: all of a table but those excluded. */
  const opened = (dataset: string): string[] => {
    const columns = stack.resource.aws_glue_catalog_table?.[`catalogue_table_${dataset}`]?.storage_descriptor;
    const names = [at(columns, 'columns')].flat().map((column) => String(at(column, 'name')));
    const seen = selects.flatMap((grant) => {
      if (at(grant, 'table', 'name') === table(dataset)) return names;
      if (at(grant, 'table_with_columns', 'name') !== table(dataset)) return [];
      expect(at(grant, 'table_with_columns', 'wildcard')).toBe(true);
      const excluded = [at(grant, 'table_with_columns', 'excluded_column_names')].flat();
      return names.filter((name) => !excluded.includes(name));
    });
    return seen;
  };

  test('see of an order everything but the masked address', () => {
    expect(opened('orders')).toEqual([
      'id',
      'name',
      'amount',
      'quantity',
      'price',
      'status',
      'created_date',
      'region_code',
      'total_amount',
      'amount_category',
      'region_name',
      'data_year',
      'data_month',
    ]);
  });

  test.each([...datasets.values()])('see of $name no column of personal data, and all others', (dataset) => {
    const personal = personalColumns(dataset);
    const rest = glueColumns(dataset).map(({ name }) => name);
    expect(opened(dataset.name)).toEqual(rest.filter((name) => !personal.includes(name)));
  });

  test('are hidden no partition key, which Lake Formation would refuse', () => {
    const hidden = selects.flatMap((grant) =>
      [at(grant, 'table_with_columns', 'excluded_column_names') ?? []].flat(),
    );
    const keys = [...datasets.values()]
      .flatMap((dataset) => gluePartitionKeys(dataset))
      .map(({ name }) => name);
    expect(hidden.filter((name) => keys.includes(String(name)))).toEqual([]);
  });

  test('see that the database is there, and are granted nothing besides', () => {
    expect(grantsTo(analyst).filter((grant) => !selects.includes(grant))).toEqual([
      expect.objectContaining({ permissions: ['DESCRIBE'], database: { name: database } }),
    ]);
    expect(selects).toHaveLength(datasets.size);
  });

  test('cannot pass on what they were granted', () => {
    for (const grant of grants) expect(grant.permissions_with_grant_option).toBeUndefined();
  });

  const refusals = (zone: string) => {
    const { policy } = stack.resource.aws_s3_bucket_policy?.[`zones_${zone}_bucket_policy`] ?? {};
    return statementsOf(policy).filter(({ Sid }) => Sid === 'RefuseAnalysts');
  };
  const arnOf = (zone: string): string => `\${aws_s3_bucket.zones_${zone}_bucket.arn}`;

  test.each([
    ['raw', '*'],
    ['curated', '*'],
    ['analytics', 'query-results/*'],
  ])('cannot go around the grants in the zone %s', (zone, objects) => {
    expect(refusals(zone)).toEqual([
      {
        Sid: 'RefuseAnalysts',
        Effect: 'Deny',
        Principal: '*',
        Action: ['s3:GetObject', 's3:GetObjectVersion'],
        Resource: [`${arnOf(zone)}/${objects}`],
        Condition: { ArnEquals: { 'aws:PrincipalArn': [analyst] } },
      },
    ]);
  });

  test('have a workgroup of their own, whose results they can read', () => {
    const [own] = resources(stack, 'aws_athena_workgroup').filter(
      ({ body }) => body.name === 'sluice-prod-analysts',
    );
    const results = String(at(own?.body.configuration, 'result_configuration', 'output_location'));
    const key = results.replace(`s3://\${aws_s3_bucket.zones_analytics_bucket.bucket}/`, '');
    expect(key).toBe('analyst-results/');
    expect(at(own?.body.configuration, 'enforce_workgroup_configuration')).toBe(true);
    const refused = refusals('analytics').flatMap(({ Resource }) => Resource);
    expect(
      refused.filter((pattern) => `${arnOf('analytics')}/${key}`.startsWith(pattern.slice(0, -1))),
    ).toEqual([]);
  });

  test('leave results that expire', () => {
    const { rule } = stack.resource.aws_s3_bucket_lifecycle_configuration?.zones_analytics_lifecycle ?? {};
    const expiring = [rule].flat().find((each) => at(each, 'filter', 'prefix') === 'analyst-results/');
    expect(at(expiring, 'expiration', 'days')).toBe(everythingOn.retention.queryResultDays);
  });
});

describe('the settings', () => {
  test('name the administrators, and open nothing new to IAM', () => {
    const { '//': _, ...given } = settings.body;
    expect(given).toEqual({ admins: ['arn:aws:iam::000000000000:role/lake-administrator'] });
  });

  test('are there before any database, whose first grants they decide', () => {
    const databases = resources(stack, 'aws_glue_catalog_database');
    expect(databases).toHaveLength(2);
    for (const { body } of databases) expect(body.depends_on).toContain(settings.address);
  });

  test('are there before any grant, which takes an administrator', () => {
    expect(grants).not.toEqual([]);
    for (const { depends_on } of grants) expect(depends_on).toContain(settings.address);
  });
});

describe('the published rows', () => {
  const location = only('aws_lakeformation_resource').body;

  test('are read for others by Lake Formation, everywhere and without hybrid access', () => {
    expect(location).toMatchObject({
      arn: `\${aws_s3_bucket.zones_curated_bucket.arn}/processed`,
      hybrid_access_enabled: false,
    });
    for (const { body } of resources(stack, 'aws_glue_catalog_table')) {
      const isOfDataset = datasets.has(String(body.name));
      const lies = String(at(body, 'storage_descriptor', 'location'));
      expect(lies.startsWith(`s3://\${aws_s3_bucket.zones_curated_bucket.bucket}/processed/`)).toBe(
        isOfDataset,
      );
    }
  });

  test('are read in a role that can read them, and do nothing else', () => {
    const role = resources(stack, 'aws_iam_role').find(
      ({ address }) => location.role_arn === `\${${address}.arn}`,
    );
    const policies = resources(stack, 'aws_iam_role_policy').filter(
      ({ body }) => body.role === `\${${role?.address}.id}`,
    );
    const may = policies
      .flatMap(({ body }) => statementsOf(body.policy))
      .map(({ Action, Resource }) => [Action, Resource]);
    const curated = `\${aws_s3_bucket.zones_curated_bucket.arn}`;
    expect(may).toEqual([
      [['s3:GetObject'], [`${curated}/processed/*`]],
      [['s3:ListBucket'], [curated]],
      [['kms:Decrypt'], [`\${aws_kms_key.keys_data_key.arn}`]],
    ]);
    expect(statementsOf(role?.body.assume_role_policy)).toMatchObject([
      { Principal: { Service: ['lakeformation.amazonaws.com'] } },
    ]);
  });
});

describe("the lake's own roles, which IAM alone no longer lets in", () => {
  test('publish-run adds partitions to every table of a dataset, at the place where it publishes', () => {
    const expected = [...datasets.keys()].map((name) =>
      expect.objectContaining({
        permissions: ['ALTER', 'DESCRIBE', 'INSERT'],
        table: { database_name: database, name: table(name) },
      }),
    );
    expect(grantsTo(publishRun).filter((grant) => grant.table !== undefined)).toEqual(expected);
    expect(grantsTo(publishRun).filter((grant) => grant.table === undefined)).toEqual([
      expect.objectContaining({
        permissions: ['DATA_LOCATION_ACCESS'],
        data_location: { arn: `\${${only('aws_lakeformation_resource').address}.arn}` },
      }),
    ]);
  });

  test('crawlers keep the tables of the raw database', () => {
    expect(grantsTo(crawlers)).toEqual([
      expect.objectContaining({
        permissions: ['CREATE_TABLE', 'DESCRIBE'],
        database: { name: rawDatabase },
      }),
      expect.objectContaining({
        permissions: ['ALTER', 'DESCRIBE', 'INSERT'],
        table: { database_name: rawDatabase, wildcard: true },
      }),
    ]);
  });

  test('nobody else is granted anything', () => {
    expect(new Set(grants.map(({ principal }) => principal))).toEqual(
      new Set([analyst, publishRun, crawlers]),
    );
  });
});

test('each analyst has grants of their own', () => {
  const second = 'arn:aws:iam::000000000000:user/finance/ada';
  const two: Environment = {
    ...everythingOn,
    optIns: {
      ...everythingOn.optIns,
      columnGrants: {
        administrators: ['arn:aws:iam::000000000000:role/lake-administrator'],
        analysts: [analyst, second],
      },
    },
  };
  const principals = resources(stackOf(two), 'aws_lakeformation_permissions').map(
    ({ body }) => body.principal,
  );
  const count = (arn: string): number => principals.filter((principal) => principal === arn).length;
  expect(count(second)).toBe(count(analyst));
  expect(count(second)).toBe(datasets.size + 1);
});

test('dev leaves the account to IAM', () => {
  const types = resources(stackOf(dev)).map(({ type }) => type);
  expect(types.filter((type) => type.startsWith('aws_lakeformation'))).toEqual([]);
  const policies = resources(stackOf(dev), 'aws_s3_bucket_policy');
  expect(policies.filter(({ body }) => String(body.policy).includes('RefuseAnalysts'))).toEqual([]);
});
