import { LambdaEventSourceMapping } from '@cdktf/provider-aws/lib/lambda-event-source-mapping/index.js';
import { Construct } from 'constructs';
import type { Deployment } from './deployment.ts';
import type { LakeFolders } from './folder-access.ts';
import { type FunctionSurroundings, LakeFunction } from './lake-function.ts';
import { LetterQueue } from './letter-queue.ts';
import type { RecordStream } from './record-stream.ts';
import type { Zones } from './zones.ts';

interface StreamIntakeProps extends FunctionSurroundings {
  readonly stream: RecordStream;
  readonly zones: Zones;
  readonly folders: LakeFolders;
}

const written = ['incoming/*/stream', 'quarantine/*/records'] as const;

/** From the stream to the raw zone: each batch of a shard becomes an object of each of its datasets. */
export class StreamIntake extends Construct {
  readonly ingestStream: LakeFunction;
  /** Letters of Lambda's about batches that it gave up: the shard, the sequence numbers, and no record. */
  readonly deadLetters: LetterQueue;

  constructor(scope: Construct, id: string, deployment: Deployment, props: StreamIntakeProps) {
    super(scope, id);
    const { stream, zones, folders, network, keyArn } = props;
    const { ingest, lambda, stream: settings } = deployment.environment;
    const { records } = settings;

    this.deadLetters = new LetterQueue(this, 'dead-letters', deployment, {
      name: 'stream-dead-letters',
      purpose: 'ReportLostBatches',
      keyArn,
    });
    this.ingestStream = new LakeFunction(this, 'ingest-stream', deployment, {
      network,
      keyArn,
      description: 'Makes raw objects of the records of a stream',
      size: lambda.functions.ingestStream,
      variables: {
        RAW_BUCKET: zones.raw.name,
        CURATED_BUCKET: zones.curated.name,
        PARALLELIZATION_FACTOR: String(ingest.parallelizationFactor),
        ...('dataset' in records ? { DATASET: records.dataset } : { DATASET_FIELD: records.datasetField }),
      },
      may: [
        ...stream.mayRead,
        ...stream.maySubscribe,
        // It looks what of a batch is there already.
        ...folders.access({ read: written, write: written, list: written }),
        ...this.deadLetters.may,
      ],
    });
    this.deadLetters.takeOnlyFrom(this.ingestStream.roleArn);

    // Tumbling windows are off: they keep a state between batches, and each batch stands for itself.
    new LambdaEventSourceMapping(this, 'records', {
      eventSourceArn: stream.source,
      functionName: this.ingestStream.arn,
      startingPosition: ingest.startingPosition,
      batchSize: ingest.batchSize,
      maximumBatchingWindowInSeconds: ingest.batchWindowSeconds,
      parallelizationFactor: ingest.parallelizationFactor,
      // What failed comes again from the first record that did.
      functionResponseTypes: ['ReportBatchItemFailures'],
      bisectBatchOnFunctionError: ingest.bisectOnError,
      maximumRecordAgeInSeconds: ingest.maxRecordAgeSeconds,
      maximumRetryAttempts: ingest.maxRetries,
      destinationConfig: { onFailure: { destinationArn: this.deadLetters.arn } },
    });
  }
}
