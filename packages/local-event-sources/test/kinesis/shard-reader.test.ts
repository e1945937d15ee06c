import type { GetRecordsCommandInput } from '@aws-sdk/client-kinesis';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createShardReader } from '../../src/kinesis/shard-reader.ts';
import { type LocalStream, localStream } from './local-stream.ts';

let stream: LocalStream;
/** What GetRecords was called with. */
let calls: GetRecordsCommandInput[];

beforeEach(async () => {
  stream = await localStream();
  calls = [];
  stream.client.middlewareStack.add(
    (next, context) => async (args) => {
      // The command's name says whose input it is.
      if (context.commandName === 'GetRecordsCommand') calls.push(args.input as GetRecordsCommandInput);
      return next(args);
    },
    { step: 'initialize' },
  );
});

afterEach(() => stream.close());

const readerFrom = (position: { since: number } | { after: string }, isClosed = () => false) =>
  createShardReader({
    client: stream.client,
    streamName: stream.name,
    shardId: 'shardId-000000000000',
    position,
    isClosed,
  });

const iterators = () => calls.map(({ ShardIterator }) => ShardIterator);

test('a shard without records is read again from the same place', async () => {
  const reader = readerFrom({ since: 0 });
  await reader.read();
  await reader.read();
  expect(new Set(iterators()).size).toBe(1);
});

test('a closed shard without records is read to its end', async () => {
  await stream.split('shardId-000000000000');
  const reader = readerFrom({ since: 0 }, () => true);
  for (let reads = 0; reads < 200; reads += 1) if ((await reader.read()).ended) return;
  throw new Error('no end');
});

test('reading goes on behind a record', async () => {
  await stream.put(0, 5);
  const first = await readerFrom({ since: 0 }).read();
  const { records } = await readerFrom({ after: first.records[2]?.sequenceNumber ?? '' }).read();
  expect(records).toEqual(first.records.slice(3));
});

test('an answer that is not full is the tip', async () => {
  await stream.put(0, 150);
  const reader = readerFrom({ since: 0 });
  expect(await reader.read()).toMatchObject({ records: { length: 100 }, atTip: false });
  expect(await reader.read()).toMatchObject({ records: { length: 50 }, atTip: true });
});

test('the larger the records are, the fewer are asked for: an answer is about 10 MB', async () => {
  await stream.putBytes(100, 50_000);
  const reader = readerFrom({ since: 0 });
  await reader.read();
  await reader.read();
  const asked = calls[1]?.Limit ?? 0;
  // 50,000 bytes are 66,668 in base64.
  expect(asked).toBe(Math.floor((10 * 1024 * 1024) / 66_668));
});
