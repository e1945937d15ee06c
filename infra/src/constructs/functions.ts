import { datasets } from '@sluice/datasets';
import { Construct } from 'constructs';
import type { Catalogue } from './catalogue.ts';
import type { Deployment } from './deployment.ts';
import { LakeFolders } from './folder-access.ts';
import { type FunctionSurroundings, LakeFunction } from './lake-function.ts';
import { allow, type Statement } from './policy.ts';
import { refusePseudonyms } from './pseudonyms.ts';
import type { Zones } from './zones.ts';

interface FunctionsProps extends FunctionSurroundings {
  readonly zones: Zones;
  /** Encrypts the zones. */
  readonly dataKeyArn: string;
  readonly catalogue: Catalogue;
  /** Hears of batches that failed for good. */
  readonly failedBatches: { readonly url: string; readonly may: readonly Statement[] };
  /** Gets accepted rows, too; null: there is none. */
  readonly rowTable: {
    readonly variables: { readonly DYNAMODB_TABLE: string; readonly DYNAMODB_KEYS: string };
    readonly may: readonly Statement[];
  } | null;
}

/** The steps of a run. Each may do what its `deps.ts` calls, in the folders that it calls it for. */
export class Functions extends Construct {
  readonly validateObject: LakeFunction;
  readonly scoreQuality: LakeFunction;
  readonly transformObject: LakeFunction;
  readonly publishRun: LakeFunction;
  readonly processRows: LakeFunction;
  readonly recordFailedRows: LakeFunction;
  readonly collectMapRun: LakeFunction;

  constructor(scope: Construct, id: string, deployment: Deployment, props: FunctionsProps) {
    super(scope, id);
    refusePseudonyms(datasets.values());
    const { zones, dataKeyArn, catalogue, network, keyArn, failedBatches, rowTable } = props;
    const { lambda } = deployment.environment;
    const folders = new LakeFolders(deployment, zones, dataKeyArn);
    const surroundings = { network, keyArn };
    const CURATED_BUCKET = zones.curated.name;

    this.validateObject = new LakeFunction(this, 'validate-object', deployment, {
      ...surroundings,
      description: 'Says whether an object can be taken',
      size: lambda.functions.validateObject,
      variables: {},
      may: folders.access({ read: ['incoming'] }),
    });

    this.scoreQuality = new LakeFunction(this, 'score-quality', deployment, {
      ...surroundings,
      description: 'Profiles and scores an object',
      size: lambda.functions.scoreQuality,
      variables: { CURATED_BUCKET },
      // What Spark counted is in staging; a listing tells what is not there from what is denied.
      may: folders.access({ read: ['incoming', 'staging'], write: ['staging'], list: ['staging'] }),
    });

    this.transformObject = new LakeFunction(this, 'transform-object', deployment, {
      ...surroundings,
      description: 'Stages the rows of an object',
      size: lambda.functions.transformObject,
      variables: { CURATED_BUCKET },
      // What an attempt that died left in staging goes first.
      may: folders.access({ read: ['incoming'], write: ['staging'], list: ['staging'], delete: ['staging'] }),
    });

    const curated = ['staging', 'processed', 'quarantine', 'runs'] as const;
    this.publishRun = new LakeFunction(this, 'publish-run', deployment, {
      ...surroundings,
      description: 'Publishes staged rows, or sends an object to quarantine',
      size: lambda.functions.publishRun,
      variables: { CURATED_BUCKET, GLUE_DATABASE: catalogue.databaseName },
      may: [
        ...folders.access({
          read: ['incoming', 'staging', 'quarantine', 'runs'],
          write: curated,
          list: curated,
          delete: curated,
        }),
        // Copying an object takes its tags along: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
        allow(
          'ReadTags',
          ['s3:GetObjectTagging', 's3:GetObjectVersionTagging'],
          [folders.objectsIn('incoming')],
        ),
        allow('WriteTags', ['s3:PutObjectTagging'], [folders.objectsIn('quarantine')]),
        // Glue asks for the table and all that it lies in:
        // https://docs.aws.amazon.com/glue/latest/dg/glue-specifying-resource-arns.html
        allow(
          'AddPartitions',
          ['glue:GetTable', 'glue:BatchCreatePartition'],
          [
            deployment.arnOf('glue', 'catalog'),
            deployment.arnOf('glue', `database/${catalogue.databaseName}`),
            ...[...catalogue.tables.values()].map(({ arn }) => arn),
          ],
        ),
      ],
    });

    this.processRows = new LakeFunction(this, 'process-rows', deployment, {
      ...surroundings,
      description: 'Takes a batch of rows to their fates',
      size: lambda.functions.processRows,
      variables: { CURATED_BUCKET, ...rowTable?.variables },
      may: [...folders.access({ write: ['staging'] }), ...(rowTable?.may ?? [])],
    });

    this.recordFailedRows = new LakeFunction(this, 'record-failed-rows', deployment, {
      ...surroundings,
      description: 'Quarantines the rows of a batch that failed for good',
      size: lambda.functions.recordFailedRows,
      variables: { CURATED_BUCKET, DEAD_LETTER_QUEUE_URL: failedBatches.url },
      may: [
        // If the batch left its part before it failed, that one counts.
        ...folders.access({ read: ['staging'], write: ['staging'] }),
        ...failedBatches.may,
      ],
    });

    this.collectMapRun = new LakeFunction(this, 'collect-map-run', deployment, {
      ...surroundings,
      description: 'Puts batches together, if every row of the object is in them',
      size: lambda.functions.collectMapRun,
      variables: { CURATED_BUCKET },
      may: folders.access({
        read: ['incoming', 'staging', 'map-results'],
        write: ['staging'],
        list: ['staging'],
        delete: ['staging'],
      }),
    });
  }
}
