export { type ClientOptions, kinesisClient } from './client.ts';
export type { ProducerMetrics } from './metrics.ts';
export type { ProducerOptions } from './options.ts';
export {
  type PartitionKey,
  type PartitionKeyOf,
  type PartitionKeyStrategy,
  partitionKeyBy,
} from './partition-key.ts';
export { createProducer, type Producer } from './producer.ts';
export type { ProducerRecord, RecordResult, RefusalReason } from './record.ts';
