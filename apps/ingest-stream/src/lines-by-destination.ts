import { gzipSync } from 'node:zlib';
import {
  quarantinedRecordsKey,
  quarantinedRecordsPrefix,
  streamBatchKey,
  streamPrefix,
} from '@sluice/lake-storage/zones';
import type { Dataset } from '@sluice/record-schema';
import type { Judgement } from './judge-record.ts';
import { quarantinedLine } from './quarantined-line.ts';
import type { StreamRecord } from './records-of.ts';
import type { Destination, RecordLine } from './write-records.ts';

export interface Shard {
  readonly stream: string;
  readonly shardId: string;
}

/** Lines of one shard that go to the same place, in the shard's order. */
export interface LinesOfDestination {
  readonly zone: 'raw' | 'quarantine';
  /** Null: records that name none. */
  readonly dataset: string | null;
  readonly lines: RecordLine[];
}

/** Collects lines until they are written. */
export class LinesByDestination {
  /** In UTF-16 units. */
  size = 0;
  readonly #groups = new Map<string, LinesOfDestination>();
  readonly #shard: Shard;

  constructor(shard: Shard) {
    this.#shard = shard;
  }

  add(record: StreamRecord, judgement: Judgement): void {
    const { dataset } = judgement;
    const readable = judgement.outcome === 'readable';
    const line = readable ? judgement.line : quarantinedLine(this.#shard, record, judgement);
    const zone = readable ? 'raw' : 'quarantine';
    const key = `${zone}/${dataset ?? ''}`;
    const group = this.#groups.get(key) ?? { zone, dataset, lines: [] };
    this.#groups.set(key, group);
    const { sequenceNumber, subSequenceNumber } = record;
    group.lines.push({ sequenceNumber, subSequenceNumber, line });
    this.size += line.length;
  }

  /** What was collected; nothing is left. */
  take(): readonly LinesOfDestination[] {
    const taken = [...this.#groups.values()];
    this.#groups.clear();
    this.size = 0;
    return taken;
  }
}

/** Where lines go. Packed by the same library, the same lines are the same bytes. */
export const destinationOf = (
  { zone, dataset }: LinesOfDestination,
  { stream, shardId }: Shard,
  {
    rawBucket,
    curatedBucket,
    findDataset,
  }: {
    readonly rawBucket: string;
    readonly curatedBucket: string;
    readonly findDataset: (name: string) => Dataset | undefined;
  },
): Destination =>
  zone === 'raw' && dataset !== null
    ? {
        bucket: rawBucket,
        prefix: streamPrefix(dataset, stream, shardId),
        keyOf: (batch) => streamBatchKey(dataset, { stream, shardId, ...batch }),
        pack: (content) => gzipSync(content),
        copiesAreOne: (findDataset(dataset)?.key ?? null) !== null,
      }
    : {
        bucket: curatedBucket,
        prefix: quarantinedRecordsPrefix(dataset, stream, shardId),
        keyOf: (batch) => quarantinedRecordsKey(dataset, { stream, shardId, ...batch }),
        pack: (content) => content,
        copiesAreOne: false,
      };
