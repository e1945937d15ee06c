import autocannon from 'autocannon';
import { z } from 'zod';
import { allTaken } from '../src/answers.ts';
import { startLocalStack } from './local-stack.ts';

export interface Load {
  readonly requests: number;
  readonly recordsPerRequest: number;
  /** Each waits for an answer before it sends again. */
  readonly connections: number;
}

export interface LoadResult {
  readonly recordsPerSecond: number;
  readonly latencyMs: { readonly p50: number; readonly p99: number; readonly max: number };
  /** Records that were answered as taken. */
  readonly taken: number;
  /** Of those, the ones that are not in the stream. */
  readonly lost: number;
  /** Records in the stream that nobody was told of, or that are there twice. */
  readonly more: number;
  /** Answers other than 202. */
  readonly otherAnswers: number;
}

const recordOf = (id: number): string =>
  `{"id":"${id}","name":"Ann Example","email":"ann@example.com","amount":1499.90,"quantity":3,"price":499.97,` +
  '"status":"ACTIVE","created_date":"2026-11-01 09:30:00","region_code":"01"}';

const idOf = z.object({ id: z.string() });

/** Posts numbered orders to the local stack, and compares what was answered with what is in the stream. */
export const runLoad = async ({ requests, recordsPerRequest, connections }: Load): Promise<LoadResult> => {
  const stack = await startLocalStack();
  try {
    await post(stack.url, {
      requests: Math.max(connections, Math.ceil(requests / 10)),
      recordsPerRequest,
      connections,
      firstId: 1e9,
    });
    const posted = await post(stack.url, { requests, recordsPerRequest, connections, firstId: 0 });
    const inStream = (await stack.records())
      .map((text) => idOf.parse(JSON.parse(text)).id)
      .filter((id) => Number(id) < 1e9);
    const distinct = new Set(inStream);
    return {
      ...posted.figures,
      taken: posted.taken.size,
      lost: [...posted.taken].filter((id) => !distinct.has(id)).length,
      more: inStream.length - [...posted.taken].filter((id) => distinct.has(id)).length,
      otherAnswers: posted.otherAnswers,
    };
  } finally {
    await stack.stop();
  }
};

const post = async (
  url: string,
  { requests, recordsPerRequest, connections, firstId }: Load & { readonly firstId: number },
) => {
  const taken = new Set<string>();
  let otherAnswers = 0;
  let next = firstId;
  const result = await autocannon({
    url,
    connections,
    amount: requests,
    setupClient: (client) => {
      let ids: string[] = [];
      const setBody = (): void => {
        ids = Array.from({ length: recordsPerRequest }, (_, at) => String(next + at));
        next += recordsPerRequest;
        client.setBody(`[${ids.map((id) => recordOf(Number(id))).join(',')}]`);
      };
      setBody();
      client.on('body', (body) => {
        const answer = allTaken.safeParse(JSON.parse(body.toString()));
        if (answer.success && answer.data.taken === ids.length) for (const id of ids) taken.add(id);
        else otherAnswers += 1;
        setBody();
      });
    },
    requests: [
      { method: 'POST', path: '/datasets/orders/records', headers: { 'content-type': 'application/json' } },
    ],
  });
  const { latency, duration, errors, timeouts } = result;
  return {
    taken,
    otherAnswers: otherAnswers + errors + timeouts,
    figures: {
      recordsPerSecond: Math.round(taken.size / duration),
      latencyMs: { p50: latency.p50, p99: latency.p99, max: latency.max },
    },
  };
};
