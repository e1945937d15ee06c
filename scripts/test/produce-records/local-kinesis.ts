import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  CreateStreamCommand,
  DescribeStreamSummaryCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
  ListShardsCommand,
} from '@aws-sdk/client-kinesis';
import { kinesisClient } from '@sluice/kinesis-producer';
import { decodeAggregated } from '@sluice/kinesis-producer/aggregated-record';
import kinesalite from 'kinesalite';

/** Whether it answers a request itself. */
type Intercept = (request: IncomingMessage, response: ServerResponse) => boolean;
/** What answers a request of PutRecords instead of the stream: an error's name; null lets it through. */
type Fault = (request: number) => { readonly status: number; readonly type: string } | null;

export interface LocalStream {
  readonly endpoint: string;
  readonly name: string;
  /** Requests of PutRecords that the stream has answered. */
  readonly puts: () => number;
  readonly failWith: (fault: Fault | null) => void;
  /** The records in it, aggregated ones taken apart; of each shard in its order. */
  readonly records: () => Promise<
    readonly { readonly shard: string; readonly key: string; readonly json: string }[]
  >;
}

/** Kinesis in this process, with a stream for each test. */
export const startLocalKinesis = async () => {
  const kinesis = kinesalite({ createStreamMs: 5, shardLimit: 100 });
  const listeners = kinesis.listeners('request');
  kinesis.removeAllListeners('request');
  const servers: Server[] = [];
  const serve = async (server: Server, intercepts: Intercept): Promise<string> => {
    servers.push(server);
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      if (intercepts(request, response)) return;
      for (const listener of listeners) listener.call(server, request, response);
      // kinesalite throws, out of reach, when a client breaks off its request.
      request.removeAllListeners('error');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('kinesalite listens on no port');
    return `http://127.0.0.1:${address.port}`;
  };
  const endpoint = await serve(kinesis, () => false);
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const client = kinesisClient({ endpoint, region: 'us-east-1', credentials });
  let streams = 0;

  return {
    endpoint,
    stream: async (shards = 2): Promise<LocalStream> => {
      streams += 1;
      const name = `stream-${streams}`;
      await client.send(new CreateStreamCommand({ StreamName: name, ShardCount: shards }));
      for (let status = ''; status !== 'ACTIVE'; await sleep(5)) {
        const { StreamDescriptionSummary: summary } = await client.send(
          new DescribeStreamSummaryCommand({ StreamName: name }),
        );
        status = String(summary?.StreamStatus);
      }
      let puts = 0;
      let fault: Fault | null = null;
      // An endpoint of its own, so that requests to this stream can be told from those to others.
      const own = await serve(createServer(), (request, response) => {
        if (!String(request.headers['x-amz-target']).endsWith('.PutRecords')) return false;
        puts += 1;
        const answer = fault?.(puts) ?? null;
        if (answer === null) return false;
        request.resume();
        response.writeHead(answer.status, { 'content-type': 'application/x-amz-json-1.1' });
        response.end(JSON.stringify({ __type: answer.type, message: 'as the test wants it' }));
        return true;
      });
      return {
        endpoint: own,
        name,
        puts: () => puts,
        failWith: (next) => {
          fault = next;
        },
        records: async () => {
          const { Shards = [] } = await client.send(new ListShardsCommand({ StreamName: name }));
          const all = await Promise.all(Shards.map(({ ShardId = '' }) => readShard(name, ShardId)));
          return all.flat();
        },
      };
    },
    close: async () => {
      client.destroy();
      for (const server of servers) server.closeAllConnections();
      await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
    },
  };

  async function readShard(stream: string, shard: string) {
    const found: { shard: string; key: string; json: string }[] = [];
    const start = await client.send(
      new GetShardIteratorCommand({ StreamName: stream, ShardId: shard, ShardIteratorType: 'TRIM_HORIZON' }),
    );
    let iterator = start.ShardIterator;
    for (;;) {
      const answer = await client.send(new GetRecordsCommand({ ShardIterator: iterator, Limit: 10_000 }));
      const { Records = [] } = answer;
      if (Records.length === 0) return found;
      for (const { Data = new Uint8Array(), PartitionKey = '' } of Records) {
        const members = decodeAggregated(Data) ?? [{ data: Data, partitionKey: PartitionKey }];
        for (const { data, partitionKey } of members) {
          found.push({ shard, key: partitionKey, json: Buffer.from(data).toString() });
        }
      }
      iterator = answer.NextShardIterator;
    }
  }
};
