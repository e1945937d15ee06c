import type { S3BucketLifecycleConfigurationRule } from '@cdktf/provider-aws/lib/s3-bucket-lifecycle-configuration/index.js';
import type { Zone } from '@sluice/lake-storage/zones';
import { Construct } from 'constructs';
import type { Environment } from '../environments/environment.ts';
import { refuseAnalysts } from './analysts.ts';
import type { Deployment } from './deployment.ts';
import { PrivateBucket } from './private-bucket.ts';
import { sparkLogsPrefix } from './spark-logs.ts';

/** The buckets of the lake: one for each zone, and one for the record of who has read them. */
export class Zones extends Construct implements Readonly<Record<Zone, PrivateBucket>> {
  readonly accessLogs: PrivateBucket;
  readonly raw: PrivateBucket;
  readonly curated: PrivateBucket;
  readonly analytics: PrivateBucket;
  readonly scripts: PrivateBucket;

  constructor(scope: Construct, id: string, deployment: Deployment, keyArn: string) {
    super(scope, id);
    const { retention } = deployment.environment;
    const { noncurrentVersionDays } = retention;

    this.accessLogs = new PrivateBucket(this, 'access-logs', deployment, {
      keyArn: null,
      accessLogs: null,
      noncurrentVersionDays: 1,
      lifecycle: [expire('old-logs', '', retention.accessLogDays)],
      statements: (bucketArn) => [
        {
          Sid: 'TakeAccessLogs',
          Effect: 'Allow',
          Principal: { Service: 'logging.s3.amazonaws.com' },
          Action: ['s3:PutObject'],
          Resource: [`${bucketArn}/*`],
          Condition: { StringEquals: { 'aws:SourceAccount': deployment.accountId } },
        },
      ],
    });

    const zone = (name: Zone, lifecycle: readonly S3BucketLifecycleConfigurationRule[]): PrivateBucket =>
      new PrivateBucket(this, name, deployment, {
        keyArn,
        accessLogs: this.accessLogs.name,
        noncurrentVersionDays,
        lifecycle,
        statements: (bucketArn) => refuseAnalysts(deployment, name, bucketArn),
      });
    this.raw = zone('raw', rawLifecycle(deployment.environment));
    this.curated = zone('curated', [
      // Left behind only by runs that failed: publishing clears its own.
      expire('abandoned-staging', 'staging/', retention.stagingDays),
      // Read once, and of no use to a redrive when what is staged has gone. They may hold rows.
      expire('old-map-results', 'map-results/', retention.stagingDays),
      // An answer is repeated for a day at least: S3 deletes at the midnight after it.
      expire('old-requests', 'requests/', 1),
      // Moves rows that nobody reads to cheaper tiers, but never to one that a query would have to wait for.
      {
        id: 'published-rows',
        status: 'Enabled',
        filter: [{ prefix: 'processed/' }],
        transition: [{ days: 0, storageClass: 'INTELLIGENT_TIERING' }],
      },
    ]);
    this.analytics = zone('analytics', [
      expire('query-results', 'query-results/', retention.queryResultDays),
      expire('analyst-results', 'analyst-results/', retention.queryResultDays),
    ]);
    this.scripts = zone('scripts', [expire('old-spark-logs', sparkLogsPrefix, retention.logDays)]);
  }
}

const expire = (id: string, prefix: string, days: number): S3BucketLifecycleConfigurationRule => ({
  id,
  status: 'Enabled',
  filter: [{ prefix }],
  expiration: [{ days }],
});

function rawLifecycle({ retention, optIns }: Environment): S3BucketLifecycleConfigurationRule[] {
  const { rawInfrequentAccessDays: cool, rawArchiveDays: cold, rawExpireDays: gone } = retention;
  const transition = [
    ...(cool === null ? [] : [{ days: cool, storageClass: 'STANDARD_IA' }]),
    ...(cold === null ? [] : [{ days: cold, storageClass: 'GLACIER' }]),
  ];
  if (transition.length === 0 && gone === null) return [];
  const ageing = (id: string, prefix: string): S3BucketLifecycleConfigurationRule => ({
    id,
    status: 'Enabled',
    filter: [{ prefix }],
    ...(transition.length > 0 ? { transition } : {}),
    ...(gone === null ? {} : { expiration: [{ days: gone }] }),
  });
  return [
    ageing('ageing', 'incoming/'),
    ...(optIns.streamArchive === null ? [] : [ageing('ageing-archive', 'archive/')]),
  ];
}
