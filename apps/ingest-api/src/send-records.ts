import type { HttpResponse } from '@sluice/step-contracts';
import type { z } from 'zod';
import type { allTaken, RecordResult, someTaken } from './answers.ts';
import type { Judgement, StreamRecord } from './judge-record.ts';
import { type ProblemCode, problemResponse } from './problem.ts';

/** What the producer says of one record. */
export type SendResult =
  | { readonly outcome: 'sent' }
  | { readonly outcome: 'refused'; readonly reason: string }
  | { readonly outcome: 'failed'; readonly errorCode: string };

/** Puts records into the stream: one result for each, in their order. It retries what may be retried, and does not throw. */
export type SendRecords = (records: readonly StreamRecord[]) => Promise<readonly SendResult[]>;

/** How many records had which outcome. */
export interface RecordSums {
  readonly taken: number;
  readonly refused: number;
  readonly failed: number;
}

export interface SentRecords {
  readonly response: HttpResponse;
  readonly sums: RecordSums;
  /** If none was taken. */
  readonly problem: ProblemCode | null;
}

/** After which time it makes sense to try again; a stream on demand doubles its capacity within minutes, a shard's budget renews each second. */
const RETRY_AFTER_SECONDS = 2;

const THROTTLED = new Set([
  'ProvisionedThroughputExceededException',
  'KMSThrottlingException',
  'LimitExceededException',
  'ThrottlingException',
  // It was never tried: others were before it.
  'Expired',
]);

/** Sends the valid records, and answers for each. */
export const sendRecords = async (
  dataset: string,
  judged: readonly Judgement[],
  send: SendRecords,
): Promise<SentRecords> => {
  const valid = judged.flatMap((one) => (one.outcome === 'valid' ? [one.record] : []));
  const sent = valid.length === 0 ? [] : await send(valid);
  if (sent.length !== valid.length)
    throw new Error(`${valid.length} records were sent, and the producer tells of ${sent.length}.`);

  const fates = sent.values();
  const results = judged.map((one, index): RecordResult => {
    if (one.outcome === 'refused') return { index, outcome: 'refused', reasons: one.reasons };
    return resultOf(index, fates.next().value);
  });
  return answerOf(dataset, results);
};

const resultOf = (index: number, fate: SendResult | undefined): RecordResult => {
  if (fate?.outcome === 'sent') return { index, outcome: 'taken' };
  if (fate?.outcome === 'refused')
    return { index, outcome: 'refused', reasons: [{ pointer: '', code: `record_${fate.reason}` }] };
  const isThrottled = fate !== undefined && THROTTLED.has(fate.errorCode);
  return { index, outcome: 'failed', code: isThrottled ? 'throttled' : 'stream_unavailable' };
};

const answerOf = (dataset: string, results: readonly RecordResult[]): SentRecords => {
  const count = (outcome: RecordResult['outcome']): number =>
    results.filter((one) => one.outcome === outcome).length;
  const sums = { taken: count('taken'), refused: count('refused'), failed: count('failed') };
  const retry = sums.failed > 0 ? { 'retry-after': String(RETRY_AFTER_SECONDS) } : {};
  if (sums.taken === results.length) {
    const body: z.output<typeof allTaken> = { dataset, ...sums };
    return { response: json(202, body), sums, problem: null };
  }
  if (sums.refused === results.length || sums.failed === results.length) {
    const isThrottled = results.some((one) => one.outcome === 'failed' && one.code === 'throttled');
    const failure = isThrottled ? 'throttled' : 'stream_unavailable';
    const problem = sums.failed === 0 ? 'no_record_taken' : failure;
    const more = sums.failed === 0 ? { dataset, ...sums, results } : { dataset, ...sums };
    return { response: problemResponse({ problem, headers: retry }, more), sums, problem };
  }
  const body: z.output<typeof someTaken> = { dataset, ...sums, results };
  return { response: json(207, body, retry), sums, problem: null };
};

export const json = (
  statusCode: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): HttpResponse => ({
  statusCode,
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify(body),
});
