import { createHash, randomUUID } from 'node:crypto';
import { LakeStorageError, type ObjectAddress, type ObjectStore } from '@sluice/lake-storage';
import { requestKey } from '@sluice/lake-storage/zones';
import type { HttpResponse } from '@sluice/step-contracts';
import { z } from 'zod';

/** Where answers are kept, and the only clock there is. */
export interface AnswerStore {
  readonly objects: Pick<ObjectStore, 'put' | 'head' | 'read'>;
  readonly curatedBucket: string;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** How long a request may take; a claim that is older belongs to a function that is gone. */
  readonly claimMs: number;
}

export interface KeyedRequest {
  readonly dataset: string;
  /** Who sends it: the same key of another caller is another key. */
  readonly caller: string;
  readonly idempotencyKey: string;
  /** Unpacked. */
  readonly body: Buffer;
}

export type Claim =
  /** The request is ours to serve. `release` lets it be sent again. Both tell whether the claim was still ours. */
  | {
      readonly outcome: 'claimed';
      readonly keep: (response: HttpResponse) => Promise<boolean>;
      readonly release: () => Promise<boolean>;
    }
  | { readonly outcome: 'answered'; readonly response: HttpResponse }
  | { readonly outcome: 'in_progress'; readonly retryAfterMs: number }
  | { readonly outcome: 'other_body' };

const claimed = z.strictObject({
  state: z.literal('claimed'),
  bodyHash: z.string(),
  until: z.number(),
  /** Two claims are never the same bytes, so that their etags tell them apart. */
  id: z.string(),
});
const answered = z.strictObject({
  state: z.literal('answered'),
  bodyHash: z.string(),
  response: z.strictObject({
    statusCode: z.int(),
    headers: z.record(z.string(), z.string()).exactOptional(),
    body: z.string().exactOptional(),
  }),
});
const kept = z.discriminatedUnion('state', [claimed, answered]);

const hash = (text: string | Buffer): string => createHash('sha256').update(text).digest('hex');
const bytesOf = (document: z.input<typeof kept>): Buffer => Buffer.from(`${JSON.stringify(document)}\n`);

/**
 * Makes a request that is sent again get the answer of the first one. Rests on conditional writes: of several that come at
 * once exactly one is served. It does not rest on the stream: a function that dies between sending and keeping the
 * answer leaves a claim, and whoever takes it over sends the records again.
 */
export const claimRequest = async (request: KeyedRequest, store: AnswerStore): Promise<Claim> => {
  const { objects, curatedBucket, now, claimMs } = store;
  const { dataset, caller, idempotencyKey, body } = request;
  const key = requestKey(dataset, hash(JSON.stringify([caller, idempotencyKey])));
  const at = { bucket: curatedBucket, key };
  const bodyHash = hash(body);
  const contentType = 'application/json';

  const claimUntil = (until: number): Buffer =>
    bytesOf({ state: 'claimed', bodyHash, until, id: randomUUID() });

  const put = async (condition: { ifNoneMatch: '*' } | { ifMatch: string }): Promise<Claim | null> => {
    const stored = await objects.put(at, claimUntil(now() + claimMs), { contentType, ...condition });
    if (stored.outcome !== 'stored') return null;
    return {
      outcome: 'claimed',
      keep: async ({ statusCode, headers, body: text }) => {
        const response = {
          statusCode,
          ...(headers && { headers: { ...headers } }),
          ...(text !== undefined && { body: text }),
        };
        const document = bytesOf({ state: 'answered', bodyHash, response });
        // Whoever took the claim over has an answer of its own, and that one stays.
        return (await objects.put(at, document, { contentType, ifMatch: stored.etag })).outcome === 'stored';
      },
      release: async () => {
        return (
          (await objects.put(at, claimUntil(0), { contentType, ifMatch: stored.etag })).outcome === 'stored'
        );
      },
    };
  };

  const first = await put({ ifNoneMatch: '*' });
  if (first) return first;
  const found = await readKept(objects, at);
  // It changed under our eyes: the sender's next attempt finds what it became.
  if (!found) return { outcome: 'in_progress', retryAfterMs: 1000 };
  if (found.document.bodyHash !== bodyHash) return { outcome: 'other_body' };
  if (found.document.state === 'answered') return { outcome: 'answered', response: found.document.response };
  const left = found.document.until - now();
  if (left > 0) return { outcome: 'in_progress', retryAfterMs: left };
  return (await put({ ifMatch: found.etag })) ?? { outcome: 'in_progress', retryAfterMs: claimMs };
};

interface Found {
  readonly document: z.output<typeof kept>;
  readonly etag: string;
}

const readKept = async (objects: AnswerStore['objects'], at: ObjectAddress): Promise<Found | null> => {
  const head = await objects.head(at);
  if (!head) return null;
  try {
    const chunks: Uint8Array[] = [];
    for await (const chunk of (await objects.read(at, { ifMatch: head.etag })) ?? []) chunks.push(chunk);
    if (chunks.length === 0) return null;
    return { document: kept.parse(JSON.parse(Buffer.concat(chunks).toString('utf8'))), etag: head.etag };
  } catch (error) {
    if (error instanceof LakeStorageError && error.code === 'changed') return null;
    throw error;
  }
};
