import { createServer } from 'node:http';
import { decodeAggregated } from '../src/aggregated-record.ts';

/**
 * Answers PutRecord and PutRecords at once as Kinesis would, and keeps nothing but counts. A process of its own, so that
 * what it costs is not the client's. `GET /counts` gives and resets them; with `?count=deep` from then on, aggregated
 * records are opened and counted. Started with `shard` it takes no more than one shard does, and refuses what is beyond.
 */
const sequenceNumber = '49590338271490256608559692538361571095921575989136588898';
const put = JSON.stringify({ ShardId: 'shardId-000000000000', SequenceNumber: sequenceNumber });
const answers = new Map<number, Buffer>();
const answerTo = (count: number): Buffer => {
  const known = answers.get(count);
  if (known) return known;
  const made = Buffer.from(`{"FailedRecordCount":0,"Records":[${Array(count).fill(put).join(',')}]}`);
  answers.set(count, made);
  return made;
};
const shards = JSON.stringify({
  Shards: [
    {
      ShardId: 'shardId-000000000000',
      HashKeyRange: { StartingHashKey: '0', EndingHashKey: `${(1n << 128n) - 1n}` },
      SequenceNumberRange: { StartingSequenceNumber: sequenceNumber },
    },
  ],
});

const rates = { recordsPerSecond: 1_000, bytesPerSecond: 1024 * 1024 };
const isLimited = process.argv[2] === 'shard';
const taken: unknown = JSON.parse(put);
const throttled = { ErrorCode: 'ProvisionedThroughputExceededException', ErrorMessage: 'Rate exceeded' };
/** What the shard still takes, at most what it takes in a second. */
const left = { records: 0, bytes: 0, at: performance.now() };
const answerOfShard = (body: Buffer): string => {
  const now = performance.now();
  const seconds = (now - left.at) / 1000;
  left.at = now;
  left.records = Math.min(rates.recordsPerSecond, left.records + seconds * rates.recordsPerSecond);
  left.bytes = Math.min(rates.bytesPerSecond, left.bytes + seconds * rates.bytesPerSecond);
  let refused = 0;
  const Records = JSON.parse(body.toString()).Records.map(
    (record: { Data: string; PartitionKey: string }) => {
      const bytes = Buffer.byteLength(record.Data, 'base64') + record.PartitionKey.length;
      if (left.records < 1 || left.bytes < bytes) {
        refused += 1;
        return throttled;
      }
      left.records -= 1;
      left.bytes -= bytes;
      return taken;
    },
  );
  return JSON.stringify({ FailedRecordCount: refused, Records });
};

let counts = { requests: 0, kinesisRecords: 0, records: 0 };
let deep = false;

const marker = Buffer.from('"PartitionKey"');
const countOf = (body: Buffer): number => {
  let count = 0;
  for (let at = body.indexOf(marker); at >= 0; at = body.indexOf(marker, at + marker.length)) count += 1;
  return count;
};
const deepCountOf = (body: Buffer): number => {
  const { Data, Records = [{ Data }] } = JSON.parse(body.toString());
  return Records.reduce((sum: number, record: { Data: string }) => {
    return sum + (decodeAggregated(Buffer.from(record.Data, 'base64'))?.length ?? 1);
  }, 0);
};

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    if (request.method === 'GET') {
      response.end(JSON.stringify(counts));
      counts = { requests: 0, kinesisRecords: 0, records: 0 };
      deep = request.url === '/counts?count=deep';
      return;
    }
    response.setHeader('Content-Type', 'application/x-amz-json-1.1');
    const target = request.headers['x-amz-target'];
    if (target === 'Kinesis_20131202.ListShards') return void response.end(shards);
    const body = Buffer.concat(chunks);
    if (isLimited) return void response.end(answerOfShard(body));
    const count = countOf(body);
    counts.requests += 1;
    counts.kinesisRecords += count;
    if (deep) counts.records += deepCountOf(body);
    response.end(target === 'Kinesis_20131202.PutRecords' ? answerTo(count) : put);
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port.');
  process.send?.(address.port);
});
process.on('disconnect', () => process.exit(0));
