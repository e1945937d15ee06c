import { once } from 'node:events';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import kinesalite from 'kinesalite';

interface KinesisOptions {
  /** Default: any free port. */
  readonly port?: number;
  /** Default: 127.0.0.1; kinesalite looks at no signature. */
  readonly host?: string;
  /** Open shards of all streams together. Default: 100. */
  readonly shardLimit?: number;
  /** How long a stream or its shards take to change. Default: 20. */
  readonly changeMs?: number;
}

type Taking = 'all' | 'no records' | 'nothing';

// A request that its client does not finish is not waited for longer.
const graceMs = 1_000;

export interface LocalKinesis {
  readonly endpoint: string;
  /** From now on records are answered with 503, so that what was taken can be read to its end. */
  readonly refuseRecords: () => void;
  /** Ends open connections after the requests under way, at most a second later. Streams live in memory: they are gone then. */
  readonly close: () => Promise<void>;
}

/** A Kinesis endpoint in this process: kinesalite, made safe against clients that go away. Plain HTTP/1.1 only. */
export async function startKinesis({
  port = 0,
  host = '127.0.0.1',
  shardLimit = 100,
  changeMs = 20,
}: KinesisOptions = {}): Promise<LocalKinesis> {
  const server = kinesalite({
    createStreamMs: changeMs,
    deleteStreamMs: changeMs,
    updateStreamMs: changeMs,
    shardLimit,
  });
  // Longer than clients keep idle connections: one that the server ends looks like a fault to them.
  server.keepAliveTimeout = 65_000;
  let taking: Taking = 'all';
  const underWay = guardRequests(server, () => taking);

  server.listen(port, host);
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('kinesalite listens on no port');

  return {
    endpoint: `http://${host}:${address.port}`,
    refuseRecords: () => {
      taking = 'no records';
    },
    close: async () => {
      const until = performance.now() + graceMs;
      while (underWay.size > 0 && performance.now() < until) await sleep(5);
      taking = 'nothing';
      server.closeAllConnections();
      // Changes of streams are written by timers, which throw when the store is closed.
      await sleep(changeMs + 10);
      const closed = new Promise<void>((resolve, reject) => {
        server.close((error) => (error === undefined ? resolve() : reject(error)));
      });
      server.closeAllConnections();
      await closed;
    },
  };
}

/** kinesalite throws, out of reach, when a client breaks off its request: take that listener away after it is set. */
function guardRequests(server: Server, taking: () => Taking): Set<ServerResponse> {
  const underWay = new Set<ServerResponse>();
  const listeners = server.listeners('request');
  server.removeAllListeners('request');
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    underWay.add(response);
    response.once('close', () => underWay.delete(response));
    const putsRecords = /[.]PutRecords?$/.test(String(request.headers['x-amz-target']));
    if (taking() === 'nothing' || (taking() === 'no records' && putsRecords)) {
      request.resume();
      response.writeHead(503, { 'content-type': 'application/x-amz-json-1.1' });
      response.end('{"__type":"ServiceUnavailable","message":"The stream takes no records any more."}');
      return;
    }
    for (const listener of listeners) listener.call(server, request, response);
    request.removeAllListeners('error');
  });
  return underWay;
}
