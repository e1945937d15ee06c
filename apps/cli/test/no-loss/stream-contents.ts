import { createHash } from 'node:crypto';
import {
  GetRecordsCommand,
  GetShardIteratorCommand,
  type KinesisClient,
  ListShardsCommand,
  ProvisionedThroughputExceededException,
} from '@aws-sdk/client-kinesis';
import { decodeAggregated } from '@sluice/kinesis-producer/aggregated-record';
import { z } from 'zod';
import { numberOf } from './numbered-records.ts';

/** What really is in a stream, read without any of our readers. */
export interface StreamContents {
  /** By the number of an order: how many copies of it the stream holds. */
  readonly copies: ReadonlyMap<number, number>;
  /** Of each record that is no numbered order its place, `<shard>:<sequence number>`, and the hash of its bytes. */
  readonly others: ReadonlyMap<string, string>;
}

const order = z.looseObject({ _dataset: z.literal('orders'), id: z.string() });

export const readStream = async (client: KinesisClient, StreamName: string): Promise<StreamContents> => {
  const copies = new Map<number, number>();
  const others = new Map<string, string>();
  const { Shards = [] } = await client.send(new ListShardsCommand({ StreamName }));
  for (const { ShardId = '' } of Shards) {
    const started = await client.send(
      new GetShardIteratorCommand({ StreamName, ShardId, ShardIteratorType: 'TRIM_HORIZON' }),
    );
    let iterator = started.ShardIterator;
    for (let empty = 0; iterator !== undefined && empty < 3; ) {
      const page = await client
        .send(new GetRecordsCommand({ ShardIterator: iterator, Limit: 10_000 }))
        .catch((error: unknown) => {
          if (error instanceof ProvisionedThroughputExceededException) return null;
          throw error;
        });
      if (page === null) continue;
      iterator = page.NextShardIterator;
      empty = page.Records?.length ? 0 : empty + 1;
      for (const { Data = new Uint8Array(), SequenceNumber = '' } of page.Records ?? []) {
        const parts = decodeAggregated(Data)?.map(({ data }) => data) ?? [Data];
        for (const data of parts) {
          const number = numberIn(data);
          if (number === null) others.set(`${ShardId}:${SequenceNumber}`, hashOf(data));
          else copies.set(number, (copies.get(number) ?? 0) + 1);
        }
      }
    }
  }
  return { copies, others };
};

export const hashOf = (data: Uint8Array): string => createHash('sha256').update(data).digest('hex');

const numberIn = (data: Uint8Array): number | null => {
  const parsed = order.safeParse(jsonOrNull(data));
  return parsed.success ? numberOf(parsed.data.id) : null;
};

const jsonOrNull = (data: Uint8Array): unknown => {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(data));
  } catch {
    return null;
  }
};
