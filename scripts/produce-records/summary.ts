import type { ProducerMetrics } from '@sluice/kinesis-producer';
import type { DryStream } from './dry-stream.ts';
import type { Counts, Failure } from './produce.ts';
import { bytes, count, duration, plural } from './terminal.ts';

/** What the run comes to, as `--json` prints it. */
export interface Summary {
  readonly stream: string;
  readonly input: string;
  readonly dryRun: boolean;
  /** Records that were acknowledged by earlier runs, and not read again. */
  readonly before: number;
  readonly read: number;
  readonly sent: number;
  readonly refused: number;
  readonly notSent: number;
  readonly retried: number;
  readonly requests: number;
  readonly bytes: number;
  readonly milliseconds: number;
  readonly refusedBy: Readonly<Record<string, number>>;
  /** Up to this record, nothing has to be sent again. */
  readonly acknowledged: number;
  readonly checkpoint: string | null;
  /** Why the input was not read to its end; null if it was. */
  readonly stopped: 'signal' | 'failed' | null;
  readonly failure: Failure | null;
  readonly shards?: readonly { readonly shardId: string; readonly records: number; readonly bytes: number }[];
}

/** `read 100,000 = sent 99,998 + refused 2; retried 31 times; 9.8 MB in 4.2 s, 23,809 records/s` */
export const closingLine = (summary: Summary): string => {
  const { read, sent, refused, notSent, retried, milliseconds, dryRun } = summary;
  const parts = [
    `${dryRun ? 'would send' : 'sent'} ${count(sent)}`,
    `refused ${count(refused)}`,
    ...(notSent > 0 ? [`not sent ${count(notSent)}`] : []),
  ];
  const rate = milliseconds > 0 ? Math.round((sent / milliseconds) * 1000) : 0;
  return [
    `read ${count(read)} = ${parts.join(' + ')}`,
    ...(dryRun ? [] : [`retried ${plural(retried, 'time')}`]),
    `${bytes(summary.bytes)} in ${plural(summary.requests, 'request')}${dryRun ? '' : `, ${duration(milliseconds)}, ${count(rate)} records/s`}`,
  ].join('; ');
};

// https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html
const SHARD_RECORDS_A_SECOND = 1000;
const SHARD_BYTES_A_SECOND = 1024 * 1024;

/** What a dry run says of the shards: how much each would get, and how long the fullest would take to take it. */
export const shardLines = ({ shards }: DryStream, wasAsked: boolean): readonly string[] => {
  const seconds = Math.max(
    ...shards.map((shard) =>
      Math.max(shard.records / SHARD_RECORDS_A_SECOND, shard.bytes / SHARD_BYTES_A_SECOND),
    ),
  );
  const shown = shards.slice(0, 8).map((shard) => {
    return `  ${shard.shardId}  ${plural(shard.records, 'Kinesis record')}, ${bytes(shard.bytes)}`;
  });
  return [
    ...shown,
    ...(shards.length > shown.length ? [`  and ${plural(shards.length - shown.length, 'more shard')}`] : []),
    `  at least ${duration(seconds * 1000)}, at 1,000 records and 1 MiB a second for each of ${plural(shards.length, 'shard')}${wasAsked ? '' : ' (the stream was not reached: one is taken)'}`,
  ];
};

/** `45 %`, `450,000 records`, `45.0 MB`, `52,100 records/s`, `1.2 s left` */
export const progressParts = (
  { read, sent, refused, bytes: size }: Counts,
  {
    readFraction,
    milliseconds,
    metrics,
  }: {
    readonly readFraction: number | null;
    readonly milliseconds: number;
    readonly metrics: ProducerMetrics | null;
  },
): readonly string[] => {
  // What is read ahead of the stream is not done.
  const fraction =
    readFraction === null || read === 0 ? readFraction : (readFraction * (sent + refused)) / read;
  const rate = milliseconds > 500 ? (sent / milliseconds) * 1000 : null;
  const left =
    fraction !== null && fraction > 0.02 && fraction < 1 ? (milliseconds / fraction) * (1 - fraction) : null;
  return [
    ...(fraction === null ? [] : [`${Math.floor(fraction * 100)} %`]),
    plural(sent, 'record'),
    bytes(size),
    ...(rate === null ? [] : [`${count(Math.round(rate))} records/s`]),
    ...(left === null || rate === null ? [] : [`${duration(left)} left`]),
    ...(refused > 0 ? [`refused ${count(refused)}`] : []),
    ...(metrics && metrics.retried > 0 ? [`retried ${count(metrics.retried)}`] : []),
  ];
};
