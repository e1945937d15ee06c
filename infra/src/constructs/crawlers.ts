import { CloudwatchLogGroup } from '@cdktf/provider-aws/lib/cloudwatch-log-group/index.js';
import { GlueClassifier } from '@cdktf/provider-aws/lib/glue-classifier/index.js';
import { GlueCrawler } from '@cdktf/provider-aws/lib/glue-crawler/index.js';
import { datasets } from '@sluice/datasets';
import { incomingKey } from '@sluice/lake-storage/zones';
import type { Dataset } from '@sluice/record-schema';
import { Construct } from 'constructs';
import type { Catalogue } from './catalogue.ts';
import type { Deployment } from './deployment.ts';
import { glueEncryption, glueLogging } from './glue-encryption.ts';
import type { Keys } from './keys.ts';
import { allow, type Statement } from './policy.ts';
import { ServiceRole } from './role.ts';
import type { Zones } from './zones.ts';

interface CrawlersProps {
  readonly zones: Pick<Zones, 'raw'>;
  readonly catalogue: Catalogue;
  readonly keys: Pick<Keys, 'data' | 'operations'>;
}

// `s3://<bucket>` is the first level, so tables are made of `s3://<bucket>/incoming/<dataset>`.
// https://docs.aws.amazon.com/glue/latest/dg/crawler-table-level.html
const tableLevel = 3;

/** For each dataset a crawler that keeps, in the raw database, a table of all the columns that have ever arrived. */
export class Crawlers extends Construct {
  readonly roleArn: string;

  constructor(scope: Construct, id: string, deployment: Deployment, props: CrawlersProps) {
    super(scope, id);
    const { zones, catalogue, keys } = props;
    const { discovery, retention } = deployment.environment;

    const security = glueEncryption(this, deployment, id, keys);
    // With a security configuration Glue logs to a group that it names after the role and the configuration. Made here,
    // so that it has a retention.
    const logs = new CloudwatchLogGroup(this, 'logs', {
      name: `/aws-glue/crawlers-role/${deployment.nameOf(id)}-${security.name}`,
      retentionInDays: retention.logDays,
      kmsKeyId: keys.operations,
    });
    const role = new ServiceRole(this, id, deployment, {
      description: 'Looks at what has arrived in the raw zone, and says so in the raw database',
      service: 'glue.amazonaws.com',
      may: [
        ...readingOf(zones.raw, deployment.environment.region, keys.data),
        // Of AWSGlueServiceRole what concerns tables: https://docs.aws.amazon.com/glue/latest/dg/crawler-prereqs.html
        allow(
          'DescribeFoundTables',
          [
            'glue:GetDatabase',
            'glue:GetTable',
            'glue:GetTables',
            'glue:CreateTable',
            'glue:UpdateTable',
            'glue:GetPartition',
            'glue:GetPartitions',
            'glue:BatchGetPartition',
            'glue:CreatePartition',
            'glue:BatchCreatePartition',
            'glue:UpdatePartition',
          ],
          catalogue.rawArns,
        ),
        allow('ReadOwnSettings', ['glue:GetSecurityConfiguration', 'glue:GetClassifier'], ['*']),
        glueLogging([logs.arn]),
      ],
    });

    this.roleArn = role.arn;

    for (const dataset of datasets.values()) {
      const { name } = dataset;
      const classifier = this.#classifierOf(dataset, deployment);
      new GlueCrawler(this, `crawler-${name}`, {
        name: catalogue.crawlerName(name),
        description: `The columns of what arrives for ${name}`,
        databaseName: catalogue.rawDatabaseName,
        role: role.arn,
        s3Target: [{ path: `s3://${zones.raw.name}/${incomingKey(name, '')}` }],
        ...(classifier ? { classifiers: [classifier.name] } : {}),
        ...(discovery.schedule === null ? {} : { schedule: discovery.schedule }),
        securityConfiguration: security.name,
        // A dataset's objects lie in one folder: a crawler that looks at new folders only would never see another.
        recrawlPolicy: { recrawlBehavior: 'CRAWL_EVERYTHING' },
        // What expires in the raw zone has been there all the same.
        schemaChangePolicy: { updateBehavior: 'UPDATE_IN_DATABASE', deleteBehavior: 'LOG' },
        configuration: JSON.stringify({
          Version: 1,
          CrawlerOutput: {
            Tables: { AddOrUpdateBehavior: 'MergeNewColumns' },
            Partitions: { AddOrUpdateBehavior: 'InheritFromTable' },
          },
          // One table per dataset, however much its objects differ: that they do is what we want to see in it.
          Grouping: {
            TableGroupingPolicy: 'CombineCompatibleSchemas',
            TableLevelConfiguration: tableLevel,
          },
        }),
        dependsOn: [role.policy, logs],
      });
    }
  }

  /** Glue guesses whether the first line is a header, and which character parts the cells; the dataset knows. */
  #classifierOf({ name, source, fields }: Dataset, deployment: Deployment): GlueClassifier | null {
    if (!source.formats.includes('csv')) return null;
    return new GlueClassifier(this, `csv-${name}`, {
      name: deployment.nameOf(`csv-${name}`),
      csvClassifier: {
        containsHeader: 'PRESENT',
        delimiter: source.delimiter,
        quoteSymbol: '"',
        allowSingleColumn: fields.length === 1,
        // The only one that knows quotes.
        serde: 'OpenCSVSerDe',
      },
    });
  }
}

const readingOf = ({ arn }: Zones['raw'], region: string, keyArn: string): Statement[] => [
  allow('LocateRawZone', ['s3:GetBucketLocation'], [arn]),
  allow('ListArrivedObjects', ['s3:ListBucket'], [arn], { StringLike: { 's3:prefix': ['incoming/*'] } }),
  allow('ReadArrivedObjects', ['s3:GetObject'], [`${arn}/incoming/*`]),
  allow('DecryptArrivedObjects', ['kms:Decrypt'], [keyArn], {
    StringEquals: { 'kms:ViaService': `s3.${region}.amazonaws.com` },
  }),
];
