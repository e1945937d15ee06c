import { createServer } from 'node:http';
import { decodeAggregated } from '../src/aggregated-record.ts';

/**
 * Answers PutRecord and PutRecords at once as Kinesis would, and keeps nothing but counts. A process of its own, so that
 * what it costs is not the client's. `GET /counts` gives and resets them; with `?count=deep` from then on, aggregated
 * records are opened and counted.
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
