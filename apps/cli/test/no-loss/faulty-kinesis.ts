import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { z } from 'zod';
import { chanceOf } from '../crash-rounds/chance.ts';

/** How often each fault was done, by its name. */
export type FaultCounts = Map<string, number>;

export interface FaultyKinesis {
  readonly endpoint: string;
  readonly faults: FaultCounts;
  readonly close: () => Promise<void>;
}

const putRecords = z.looseObject({ Records: z.array(z.unknown()) });
const putAnswer = z.looseObject({ FailedRecordCount: z.number(), Records: z.array(z.unknown()) });

/** Of requests. The rest goes through. */
const SHARES = { partial: 0.15, timeoutAfterSuccess: 0.04, cutBefore: 0.03, unavailable: 0.03 };
/** A storm throttles everything for so many requests in a row. */
const STORM = { share: 0.003, requests: 12 };
/** Of requests some of whose records fail: there it is the shards that take no more. */
const THROTTLES = 0.1;
const THROTTLED = 'ProvisionedThroughputExceededException';

/**
 * A proxy in front of a Kinesis endpoint that is as bad as the network and the service can be: some records of a request
 * fail and others do not, answers never come though the records are in, connections break, everything is throttled for
 * a while. The same seed does the same to the same requests.
 */
export const startFaultyKinesis = async (target: string, seed: number): Promise<FaultyKinesis> => {
  const faults: FaultCounts = new Map();
  const done = (name: string): void => void faults.set(name, (faults.get(name) ?? 0) + 1);
  const { hostname, port } = new URL(target);
  let requests = 0;
  let stormUntil = 0;

  const forward = async (from: IncomingMessage, body: string): Promise<{ status: number; body: string }> => {
    const headers = { ...from.headers, 'content-length': String(Buffer.byteLength(body)) };
    const outgoing = request({ hostname, port, method: from.method, path: from.url, headers });
    outgoing.end(body);
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage]; // what http emits with it
    return { status: response.statusCode ?? 500, body: await text(response) };
  };

  const answer = (to: ServerResponse, status: number, body: string): void => {
    to.writeHead(status, {
      'content-type': 'application/x-amz-json-1.1',
      'content-length': Buffer.byteLength(body),
    });
    to.end(body);
  };
  const fail = (to: ServerResponse, status: number, code: string): void =>
    answer(to, status, JSON.stringify({ __type: code, message: 'a fault on purpose' }));

  /** Some records fail: only the others are sent on, and the answer says so of each. */
  const partly = async (
    from: IncomingMessage,
    to: ServerResponse,
    body: string,
    nth: number,
  ): Promise<void> => {
    const parsed = putRecords.parse(JSON.parse(body));
    const fails = parsed.Records.map((_, at) => chanceOf(seed, 'record', nth, at) < 0.3);
    const kept = parsed.Records.filter((_, at) => !fails[at]);
    const sent =
      kept.length === 0
        ? { status: 200, body: '{"FailedRecordCount":0,"Records":[]}' }
        : await forward(from, JSON.stringify({ ...parsed, Records: kept }));
    if (sent.status !== 200) return answer(to, sent.status, sent.body);
    const outcome = putAnswer.parse(JSON.parse(sent.body));
    const results = outcome.Records[Symbol.iterator]();
    const Records = fails.map((failed) =>
      failed
        ? {
            ErrorCode: chanceOf(seed, 'code', nth) < THROTTLES ? THROTTLED : 'InternalFailure',
            ErrorMessage: 'a fault on purpose',
          }
        : results.next().value,
    );
    const FailedRecordCount = outcome.FailedRecordCount + fails.filter(Boolean).length;
    answer(to, 200, JSON.stringify({ ...outcome, FailedRecordCount, Records }));
  };

  const serve = async (from: IncomingMessage, to: ServerResponse): Promise<void> => {
    const action = String(from.headers['x-amz-target']).split('.').at(-1);
    const body = await text(from);
    if (action === 'GetRecords' && chanceOf(seed, 'read', requests++) < 0.05) {
      done('read throttled');
      return fail(to, 400, THROTTLED);
    }
    if (action === 'PutRecords') {
      const nth = requests++;
      if (chanceOf(seed, 'storm', nth) < STORM.share) stormUntil = nth + STORM.requests;
      if (nth < stormUntil) {
        done('throttled in a storm');
        return fail(to, 400, THROTTLED);
      }
      let chance = chanceOf(seed, 'put', nth);
      const happens = (share: number): boolean => {
        chance -= share;
        return chance < 0;
      };
      if (happens(SHARES.partial)) {
        done('some records failed');
        return partly(from, to, body, nth);
      }
      if (happens(SHARES.timeoutAfterSuccess)) {
        done('no answer after success');
        await forward(from, body);
        return void to.destroy();
      }
      if (happens(SHARES.cutBefore)) {
        done('connection broke before');
        return void to.destroy();
      }
      if (happens(SHARES.unavailable)) {
        done('service unavailable');
        return fail(to, 503, 'ServiceUnavailableException');
      }
    }
    const sent = await forward(from, body);
    answer(to, sent.status, sent.body);
  };

  const server = createServer((from, to) => {
    // A client that was killed in the middle is no fault of the proxy.
    serve(from, to).catch(() => to.destroy());
  });
  server.keepAliveTimeout = 65_000;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the proxy listens on no port');
  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    faults,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
};
