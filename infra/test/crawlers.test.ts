import { describe, expect, test } from '@jest/globals';
import { datasets, orders } from '@sluice/datasets';
import { dev } from '../src/environments/dev.ts';
import { prod } from '../src/environments/prod.ts';
import { at, type Resource, resources, stackOf, statementsOf } from './synthesized.ts';

const raw = 'aws_s3_bucket.zones_raw_bucket';

const crawlers = (environment = dev): Resource[] => resources(stackOf(environment), 'aws_glue_crawler');
const crawlerOf = (dataset: string): Resource['body'] => {
  const found = crawlers().find(({ body }) => body.name === `sluice-dev-raw-${dataset}`);
  if (!found) throw new Error(`${dataset} has no crawler`);
  return found.body;
};
const only = (type: string, part: string): Resource => {
  const [found, ...others] = resources(stackOf(dev), type).filter(({ name }) => name.includes(part));
  if (!found || others.length > 0) throw new Error(`not one ${type} of ${part}`);
  return found;
};
const permissions = statementsOf(only('aws_iam_role_policy', 'crawlers').body.policy);

describe.each([...datasets.values()])('the crawler of $name', ({ name, source }) => {
  test('looks at what arrives for its dataset', () => {
    expect(at(crawlerOf(name), 's3_target', 'path')).toBe(`s3://\${${raw}.bucket}/incoming/${name}/`);
  });

  test('keeps out of the database of published tables', () => {
    expect(crawlerOf(name).database_name).toBe(`\${aws_glue_catalog_database.catalogue_raw_database.name}`);
  });

  test('is told how its CSV is written, if it takes any', () => {
    const classifiers = resources(stackOf(dev), 'aws_glue_classifier').filter(
      ({ body }) => body.name === `sluice-dev-csv-${name}`,
    );
    expect(
      classifiers.map(({ body }) => [
        at(body, 'csv_classifier', 'delimiter'),
        at(body, 'csv_classifier', 'contains_header'),
      ]),
    ).toEqual(source.formats.includes('csv') ? [[source.delimiter, 'PRESENT']] : []);
    expect(crawlerOf(name).classifiers ?? []).toEqual(
      classifiers.map(({ address }) => `\${${address}.name}`),
    );
  });
});

test('a crawler looks at every object, since all of them lie in one folder', () => {
  expect(at(crawlerOf(orders.name), 'recrawl_policy', 'recrawl_behavior')).toBe('CRAWL_EVERYTHING');
});

test('a crawler forgets nothing that it has seen', () => {
  const crawler = crawlerOf(orders.name);
  expect(at(crawler, 'schema_change_policy', 'delete_behavior')).toBe('LOG');
  expect(JSON.parse(String(crawler.configuration)).CrawlerOutput.Tables).toEqual({
    AddOrUpdateBehavior: 'MergeNewColumns',
  });
});

test('crawlers run on their own only where the environment says when', () => {
  expect(crawlers(dev).map(({ body }) => body.schedule)).toEqual(crawlers(dev).map(() => undefined));
  expect(crawlers(prod).map(({ body }) => body.schedule)).toEqual(
    crawlers(prod).map(() => prod.discovery.schedule),
  );
});

describe('the role of the crawlers', () => {
  test('reads objects of the incoming folder, and no others', () => {
    const reading = permissions.filter(({ Action }) => Action.includes('s3:GetObject'));
    expect(reading.flatMap(({ Resource: on }) => on)).toEqual([`\${${raw}.arn}/incoming/*`]);
  });

  test('lists the incoming folder, and no other', () => {
    const listing = permissions.filter(({ Action }) => Action.includes('s3:ListBucket'));
    expect(listing.map(({ Condition }) => Condition)).toEqual([
      { StringLike: { 's3:prefix': ['incoming/*'] } },
    ]);
  });

  test('only reads of S3', () => {
    const actions = permissions.flatMap(({ Action }) => Action).filter((action) => action.startsWith('s3:'));
    expect(actions.filter((action) => !/^s3:(Get|List)/.test(action))).toEqual([]);
  });

  test('cannot touch a published table', () => {
    const tables = permissions
      .filter(({ Action }) => Action.some((action) => /Table|Partition/.test(action)))
      .flatMap(({ Resource: on }) => on)
      .filter((arn) => arn.includes(':table/'));
    expect(tables).toEqual([
      expect.stringContaining(`:table/\${aws_glue_catalog_database.catalogue_raw_database.name}/*`),
    ]);
  });

  test('drops nothing', () => {
    expect(permissions.flatMap(({ Action }) => Action).filter((action) => action.includes('Delete'))).toEqual(
      [],
    );
  });

  test('may decrypt for S3 only', () => {
    const decrypting = permissions.filter(({ Action }) => Action.some((action) => action.startsWith('kms:')));
    expect(decrypting.map(({ Action, Condition }) => [Action, Condition])).toEqual([
      [['kms:Decrypt'], { StringEquals: { 'kms:ViaService': ['s3.eu-central-1.amazonaws.com'] } }],
    ]);
  });

  test('writes the log whose name Glue makes of the role and the security configuration', () => {
    const role = only('aws_iam_role', 'crawlers').body.name;
    const security = only('aws_glue_security_configuration', 'crawlers');
    const group = only('aws_cloudwatch_log_group', 'crawlers');
    expect(group.body.name).toBe(`/aws-glue/crawlers-role/${role}-\${${security.address}.name}`);
    const logging = permissions.filter(({ Action }) => Action.includes('logs:PutLogEvents'));
    expect(logging.flatMap(({ Resource: on }) => on)).toEqual([
      `\${${group.address}.arn}`,
      `\${${group.address}.arn}:*`,
    ]);
  });
});

test('every crawler encrypts what it writes with keys of the stack', () => {
  const security = only('aws_glue_security_configuration', 'crawlers');
  expect(crawlers().map(({ body }) => body.security_configuration)).toEqual(
    crawlers().map(() => `\${${security.address}.name}`),
  );
  const encryption = at(security.body, 'encryption_configuration');
  expect(encryption).toEqual({
    s3_encryption: { s3_encryption_mode: 'SSE-KMS', kms_key_arn: `\${aws_kms_key.keys_data_key.arn}` },
    cloudwatch_encryption: {
      cloudwatch_encryption_mode: 'SSE-KMS',
      kms_key_arn: `\${aws_kms_key.keys_operations_key.arn}`,
    },
    job_bookmarks_encryption: {
      job_bookmarks_encryption_mode: 'CSE-KMS',
      kms_key_arn: `\${aws_kms_key.keys_operations_key.arn}`,
    },
  });
});
