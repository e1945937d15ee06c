import { describe, expect, test } from '@jest/globals';
import { dev } from '../src/environments/dev.ts';
import { everythingOn } from './everything-on.ts';
import { at, type Resource, resources, stackOf, statementsOf } from './synthesized.ts';

const stack = stackOf(everythingOn);
const only = (type: string, isIt: (found: Resource) => boolean = () => true): Resource => {
  const [found, ...others] = resources(stack, type).filter(isIt);
  if (!found || others.length > 0) throw new Error(`the stack has not one such ${type}`);
  return found;
};
const trail = only('aws_cloudtrail').body;
const bucket = only('aws_s3_bucket', ({ address }) => trail.s3_bucket_name === `\${${address}.bucket}`);
const its = (type: string) => only(type, ({ body }) => body.bucket === `\${${bucket.address}.id}`);

const account = `\${data.aws_caller_identity.caller.account_id}`;
const trailArn = `arn:\${data.aws_partition.partition.partition}:cloudtrail:eu-central-1:${account}:trail/${trail.name}`;
const ofTheTrail = ['cloudtrail.amazonaws.com'];
const isOfTheTrail = ({ Principal }: { Principal?: unknown }): boolean =>
  JSON.stringify(Principal ?? '').includes('cloudtrail.amazonaws.com');

describe('the trail', () => {
  const selectors = [at(trail, 'advanced_event_selector')].flat();
  const fields = [at(selectors[0], 'field_selector')].flat();

  test('has every read and write of the objects of three zones', () => {
    const zones = ['raw', 'curated', 'analytics'].map(
      (zone) => `\${aws_s3_bucket.zones_${zone}_bucket.arn}/`,
    );
    expect(fields).toEqual([
      { field: 'eventCategory', equals: ['Data'] },
      { field: 'resources.type', equals: ['AWS::S3::Object'] },
      { field: 'resources.ARN', starts_with: zones },
    ]);
  });

  test('has nothing else: what is done to the account is recorded elsewhere', () => {
    expect(selectors).toHaveLength(1);
    expect(trail.event_selector).toBeUndefined();
    expect(trail.include_global_service_events).toBe(false);
  });

  test('shows when a record was changed', () => {
    expect(trail.enable_log_file_validation).toBe(true);
  });

  test('waits for the policy of its bucket', () => {
    expect(trail.depends_on).toContain(its('aws_s3_bucket_policy').address);
  });
});

describe('the records', () => {
  test('lie in a bucket of their own', () => {
    expect(bucket.body.bucket).toBe(`sluice-prod-audit-${account}`);
  });

  test('are encrypted with the key that the bucket demands', () => {
    const rule = its('aws_s3_bucket_server_side_encryption_configuration').body.rule;
    expect(trail.kms_key_id).toBe(`\${aws_kms_key.keys_operations_key.arn}`);
    expect(at(rule, 'apply_server_side_encryption_by_default', 'kms_master_key_id')).toBe(trail.kms_key_id);
  });

  test('go when their time is over, and old versions not before', () => {
    const rules = [its('aws_s3_bucket_lifecycle_configuration').body.rule].flat();
    const expired = rules.map((rule) => at(rule, 'expiration', 'days')).filter((days) => days !== undefined);
    expect(expired).toEqual([365]);
    const replaced = rules.map((rule) => at(rule, 'noncurrent_version_expiration', 'noncurrent_days'));
    expect(replaced.filter((days) => days !== undefined)).toEqual([365]);
  });

  test('are taken from this trail only, for this account', () => {
    const statements = statementsOf(its('aws_s3_bucket_policy').body.policy).filter(isOfTheTrail);
    expect(statements.map(({ Sid, ...statement }) => statement)).toEqual([
      {
        Effect: 'Allow',
        Principal: { Service: ofTheTrail },
        Action: ['s3:GetBucketAcl'],
        Resource: [`\${${bucket.address}.arn}`],
        Condition: { StringEquals: { 'aws:SourceArn': [trailArn] } },
      },
      {
        Effect: 'Allow',
        Principal: { Service: ofTheTrail },
        Action: ['s3:PutObject'],
        Resource: [`\${${bucket.address}.arn}/AWSLogs/${account}/*`],
        Condition: {
          StringEquals: { 'aws:SourceArn': [trailArn], 's3:x-amz-acl': ['bucket-owner-full-control'] },
        },
      },
    ]);
  });

  test('are encrypted for this trail only', () => {
    const key = only('aws_kms_key', ({ address }) => trail.kms_key_id === `\${${address}.arn}`);
    const [use, ...others] = statementsOf(key.body.policy).filter(isOfTheTrail);
    expect(others).toEqual([]);
    expect(use).toMatchObject({
      Effect: 'Allow',
      Action: ['kms:DescribeKey', 'kms:Decrypt', 'kms:GenerateDataKey*'],
      Condition: { StringEquals: { 'aws:SourceArn': [trailArn] } },
    });
  });
});

test('dev has no trail, and lets none use its keys', () => {
  expect(resources(stackOf(dev), 'aws_cloudtrail')).toEqual([]);
  const names = resources(stackOf(dev), 'aws_s3_bucket').map(({ body }) => body.bucket);
  expect(names).not.toContain(`sluice-dev-audit-${account}`);
  const keys = resources(stackOf(dev), 'aws_kms_key');
  expect(keys.flatMap(({ body }) => statementsOf(body.policy)).filter(isOfTheTrail)).toEqual([]);
});
