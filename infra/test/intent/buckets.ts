import {
  at,
  type Body,
  blocks,
  type Json,
  type PolicyStatement,
  type Resource,
  referencesIn,
  resources,
  type StackJson,
  statementsOf,
} from '../../src/stack-json.ts';
import { refusesPlainHttp } from './resource-policies.ts';
import { about, bodyOf, type Rule, ref, remove, rewriteStatement, withoutStatement } from './rule.ts';

/** What a resource beside the bucket says of it. */
const its = (stack: StackJson, bucket: Resource, type: string): Body | undefined =>
  about(stack, type, 'bucket', bucket)[0]?.body;

const policyOf = (stack: StackJson, bucket: Resource): PolicyStatement[] => {
  const policy = its(stack, bucket, 'aws_s3_bucket_policy')?.policy;
  return policy === undefined ? [] : statementsOf(policy);
};

/** What is wrong with each bucket, if anything is. */
const everyBucket =
  (fault: (stack: StackJson, bucket: Resource) => string | null): Rule['violations'] =>
  (stack) =>
    resources(stack, 'aws_s3_bucket').flatMap((bucket) => {
      const found = fault(stack, bucket);
      return found === null ? [] : [`${bucket.address} ${found}`];
    });

const isOurKey = (value: Json | undefined): boolean =>
  referencesIn(value).some((address) => address.startsWith('aws_kms_key.'));

/** Deliverers of logs that cannot use a key of ours. https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html */
const accessLogs =
  'S3 delivers server access logs only to a bucket whose default encryption is its own: the "Considerations" of enable-server-access-logging';

const refusesOthers = (statements: readonly PolicyStatement[], bucket: Resource, key: string): boolean =>
  statements.some(
    ({ Effect, Principal, Action, Resource: objects, Condition }) =>
      Effect === 'Deny' &&
      Principal === '*' &&
      Action.includes('s3:PutObject') &&
      objects.includes(`${ref(bucket.address, 'arn')}/*`) &&
      Object.keys(Condition ?? {}).join() === 'StringNotEquals,Null' &&
      // Else whoever names no encryption would be refused as well: of an absent key `StringNotEquals` is true.
      Condition?.Null?.['s3:x-amz-server-side-encryption']?.join() === 'false' &&
      Condition?.StringNotEquals?.[key] !== undefined,
  );

const lifecycleRules = (stack: StackJson, bucket: Resource): Json[] =>
  blocks(its(stack, bucket, 'aws_s3_bucket_lifecycle_configuration')?.rule);

/** In force, and for every object. */
const isForAll = (rule: Json): boolean =>
  at(rule, 'status') === 'Enabled' && Object.keys(blocks(at(rule, 'filter'))[0] ?? {}).length === 0;

const flags = ['block_public_acls', 'block_public_policy', 'ignore_public_acls', 'restrict_public_buckets'];

const companions = [
  'aws_s3_bucket_policy',
  'aws_s3_bucket_notification',
  'aws_s3_bucket_lifecycle_configuration',
  'aws_s3_bucket_server_side_encryption_configuration',
  'aws_s3_bucket_versioning',
  'aws_s3_bucket_public_access_block',
  'aws_s3_bucket_ownership_controls',
  'aws_s3_bucket_logging',
];

export const bucketRules: readonly Rule[] = [
  {
    intent: 'every bucket keeps the public out in all four ways',
    violations: everyBucket((stack, bucket) => {
      const block = its(stack, bucket, 'aws_s3_bucket_public_access_block');
      if (!block) return 'has no public access block';
      const open = flags.filter((flag) => block[flag] !== true);
      return open.length === 0 ? null : `is without ${open.join(', ')}`;
    }),
    broken: [
      {
        how: 'a bucket loses its public access block',
        change: (stack) => remove(stack, 'aws_s3_bucket_public_access_block.zones_raw_public_access'),
        says: ['aws_s3_bucket.zones_raw_bucket has no public access block'],
      },
      {
        how: 'a public policy would be taken',
        change: (stack) => {
          bodyOf(stack, 'aws_s3_bucket_public_access_block.zones_curated_public_access').block_public_policy =
            false;
        },
        says: ['aws_s3_bucket.zones_curated_bucket is without block_public_policy'],
      },
    ],
  },
  {
    intent: 'every bucket encrypts with a key of ours, and asks KMS once for many objects',
    violations: everyBucket((stack, bucket) => {
      const rule = its(stack, bucket, 'aws_s3_bucket_server_side_encryption_configuration')?.rule;
      const encryption = at(rule, 'apply_server_side_encryption_by_default');
      const algorithm = at(encryption, 'sse_algorithm');
      if (algorithm === undefined) return 'has no default encryption';
      if (algorithm !== 'aws:kms') return `encrypts with ${algorithm}`;
      if (!isOurKey(at(encryption, 'kms_master_key_id')))
        return 'encrypts with a key that is not of the stack';
      return at(rule, 'bucket_key_enabled') === true ? null : 'has no bucket key';
    }),
    except: { 'aws_s3_bucket.zones_access_logs_bucket encrypts with AES256': accessLogs },
    broken: [
      {
        how: 'a bucket has no encryption of its own',
        change: (stack) =>
          remove(stack, 'aws_s3_bucket_server_side_encryption_configuration.zones_raw_encryption'),
        says: ['aws_s3_bucket.zones_raw_bucket has no default encryption'],
      },
      {
        how: 'the bucket key is off',
        change: (stack) => {
          const { rule } = bodyOf(
            stack,
            'aws_s3_bucket_server_side_encryption_configuration.zones_raw_encryption',
          );
          for (const block of blocks(rule)) Object.assign(block ?? {}, { bucket_key_enabled: false });
        },
        says: ['aws_s3_bucket.zones_raw_bucket has no bucket key'],
      },
    ],
  },
  {
    intent: 'every bucket refuses plain HTTP to everybody',
    violations: everyBucket((stack, bucket) =>
      refusesPlainHttp(policyOf(stack, bucket), 's3:*', [
        ref(bucket.address, 'arn'),
        `${ref(bucket.address, 'arn')}/*`,
      ])
        ? null
        : 'takes plain HTTP',
    ),
    broken: [
      {
        how: 'the statement is gone',
        change: (stack) =>
          withoutStatement(
            stack,
            'aws_s3_bucket_policy.zones_raw_bucket_policy',
            'policy',
            'RefusePlainHttp',
          ),
        says: ['aws_s3_bucket.zones_raw_bucket takes plain HTTP'],
      },
      {
        how: 'it covers the bucket, but not its objects',
        change: (stack) =>
          rewriteStatement(
            stack,
            'aws_s3_bucket_policy.zones_raw_bucket_policy',
            'policy',
            'RefusePlainHttp',
            (statement) => {
              statement.Resource = [ref('aws_s3_bucket.zones_raw_bucket', 'arn')];
            },
          ),
        says: ['aws_s3_bucket.zones_raw_bucket takes plain HTTP'],
      },
    ],
  },
  {
    intent: 'every bucket refuses objects under another encryption or another key',
    violations: everyBucket((stack, bucket) => {
      const statements = policyOf(stack, bucket);
      if (!refusesOthers(statements, bucket, 's3:x-amz-server-side-encryption'))
        return 'takes objects under another encryption';
      return refusesOthers(statements, bucket, 's3:x-amz-server-side-encryption-aws-kms-key-id')
        ? null
        : 'takes objects under another key';
    }),
    except: { 'aws_s3_bucket.zones_access_logs_bucket takes objects under another encryption': accessLogs },
    broken: [
      {
        how: 'any encryption will do',
        change: (stack) =>
          withoutStatement(
            stack,
            'aws_s3_bucket_policy.zones_curated_bucket_policy',
            'policy',
            'RefuseOtherEncryption',
          ),
        says: ['aws_s3_bucket.zones_curated_bucket takes objects under another encryption'],
      },
      {
        how: 'any key will do',
        change: (stack) =>
          withoutStatement(
            stack,
            'aws_s3_bucket_policy.zones_curated_bucket_policy',
            'policy',
            'RefuseOtherKeys',
          ),
        says: ['aws_s3_bucket.zones_curated_bucket takes objects under another key'],
      },
    ],
  },
  {
    intent: 'every bucket keeps versions',
    violations: everyBucket((stack, bucket) =>
      at(its(stack, bucket, 'aws_s3_bucket_versioning'), 'versioning_configuration', 'status') === 'Enabled'
        ? null
        : 'keeps no versions',
    ),
    broken: [
      {
        how: 'versioning is suspended',
        change: (stack) => {
          bodyOf(stack, 'aws_s3_bucket_versioning.zones_raw_versioning').versioning_configuration = {
            status: 'Suspended',
          };
        },
        says: ['aws_s3_bucket.zones_raw_bucket keeps no versions'],
      },
    ],
  },
  {
    intent: 'every object belongs to the owner of its bucket, and access lists mean nothing',
    violations: everyBucket((stack, bucket) =>
      at(its(stack, bucket, 'aws_s3_bucket_ownership_controls'), 'rule', 'object_ownership') ===
      'BucketOwnerEnforced'
        ? null
        : 'has objects that belong to whoever wrote them',
    ),
    broken: [
      {
        how: 'access lists come back',
        change: (stack) => {
          bodyOf(stack, 'aws_s3_bucket_ownership_controls.zones_raw_ownership').rule = {
            object_ownership: 'ObjectWriter',
          };
        },
        says: ['aws_s3_bucket.zones_raw_bucket has objects that belong to whoever wrote them'],
      },
    ],
  },
  {
    intent: 'every bucket drops unfinished uploads',
    violations: everyBucket((stack, bucket) =>
      lifecycleRules(stack, bucket).some(
        (rule) =>
          isForAll(rule) &&
          typeof at(rule, 'abort_incomplete_multipart_upload', 'days_after_initiation') === 'number',
      )
        ? null
        : 'keeps unfinished uploads, which nobody sees and everybody pays',
    ),
    broken: [
      {
        how: 'the rule is switched off',
        change: (stack) => {
          const { rule } = bodyOf(stack, 'aws_s3_bucket_lifecycle_configuration.zones_analytics_lifecycle');
          const [first] = blocks(rule);
          Object.assign(first ?? {}, { status: 'Disabled' });
        },
        says: [
          'aws_s3_bucket.zones_analytics_bucket keeps unfinished uploads, which nobody sees and everybody pays',
        ],
      },
    ],
  },
  {
    intent: 'every bucket forgets versions that were replaced or deleted',
    violations: everyBucket((stack, bucket) =>
      lifecycleRules(stack, bucket).some(
        (rule) =>
          isForAll(rule) && typeof at(rule, 'noncurrent_version_expiration', 'noncurrent_days') === 'number',
      )
        ? null
        : 'keeps replaced versions for ever',
    ),
    broken: [
      {
        how: 'the rule covers one folder only',
        change: (stack) => {
          const { rule } = bodyOf(stack, 'aws_s3_bucket_lifecycle_configuration.zones_raw_lifecycle');
          for (const each of blocks(rule)) Object.assign(each ?? {}, { filter: [{ prefix: 'incoming/' }] });
          // The other rule for all objects stays one.
          Object.assign(blocks(rule)[0] ?? {}, { filter: [{}] });
        },
        says: ['aws_s3_bucket.zones_raw_bucket keeps replaced versions for ever'],
      },
    ],
  },
  {
    intent: 'every bucket has its accesses logged in another bucket of the stack',
    violations: everyBucket((stack, bucket) => {
      const target = its(stack, bucket, 'aws_s3_bucket_logging')?.target_bucket;
      const [log] = referencesIn(target).filter((address) => address.startsWith('aws_s3_bucket.'));
      if (log === undefined) return 'has no log of its accesses';
      return log === bucket.address ? 'logs into itself, which never ends' : null;
    }),
    except: {
      'aws_s3_bucket.zones_access_logs_bucket has no log of its accesses':
        'it is where the others log, and a log of the log never ends',
      'aws_s3_bucket.state_bucket has no log of its accesses':
        'it is there before the bucket of logs is; only Terraform reads it, and its versions tell who wrote what',
    },
    broken: [
      {
        how: 'nobody logs',
        change: (stack) => remove(stack, 'aws_s3_bucket_logging.zones_raw_access_logging'),
        says: ['aws_s3_bucket.zones_raw_bucket has no log of its accesses'],
      },
    ],
  },
  {
    intent: 'nothing is said twice of a bucket, since the last to speak would win',
    violations: everyBucket((stack, bucket) => {
      const twice = companions.filter((type) => about(stack, type, 'bucket', bucket).length > 1);
      return twice.length === 0 ? null : `has more than one ${twice.join(', ')}`;
    }),
    broken: [
      {
        how: 'a second policy appears',
        change: (stack) => {
          const policies = stack.resource.aws_s3_bucket_policy ?? {};
          policies.another = structuredClone(bodyOf(stack, 'aws_s3_bucket_policy.zones_raw_bucket_policy'));
        },
        says: ['aws_s3_bucket.zones_raw_bucket has more than one aws_s3_bucket_policy'],
      },
    ],
  },
];
