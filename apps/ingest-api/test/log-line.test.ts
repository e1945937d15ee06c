import { expect, test } from '@jest/globals';
import type { SendResult } from '../src/answer-request.ts';
import { logLine } from '../src/log-line.ts';
import { eventOf, type Sent, startApi } from './api.ts';

// In every place of a request that its sender decides on.
const canary = 'canary@example.com';
const valid = JSON.stringify({ id: canary, email: canary, [canary]: canary });
const wrong = JSON.stringify({ id: canary, amount: canary });
const failed: SendResult = { outcome: 'failed', errorCode: 'TimeoutError' };

const requests: readonly (readonly [what: string, sent: Sent, result?: SendResult])[] = [
  ['all taken', { body: valid }],
  ['some taken', { body: `[${valid},${wrong}]` }],
  ['none valid', { body: wrong }],
  ['failed', { body: valid }, failed],
  ['no JSON', { body: canary }],
  ['another type', { body: canary, headers: { 'content-type': canary } }],
  ['a packing', { body: canary, headers: { 'content-encoding': canary } }],
  ['a bad key', { body: valid, headers: { 'idempotency-key': `${canary} ${canary}` } }],
  ['a good key', { body: valid, headers: { 'idempotency-key': canary } }],
  ['no such dataset', { path: `/datasets/${canary}/records`, body: valid }],
  ['no such path', { path: `/${canary}` }],
  ['no such method', { method: canary }],
];

test.each(requests.map(([what, sent, result]) => ({ what, sent, result })))(
  'the line about a request tells nothing of what was sent: $what',
  async ({ sent, result }) => {
    const api = startApi(result && { send: async (records) => records.map(() => result) });
    const { answered } = await api.post({ ...sent, authorizer: { jwt: { claims: { sub: canary } } } });
    const line = logLine(answered);
    expect(line.fields).toHaveProperty('status');
    expect(JSON.stringify(line)).not.toContain('canary');
  },
);

test.each<[Sent, ReturnType<typeof logLine>]>([
  [
    { body: '{"id":"1"}' },
    {
      outcome: 'records_accepted',
      fields: { status: 202, dataset: 'orders', taken: 1, refused: 0, failed: 0 },
    },
  ],
  [
    { body: '[{"id":"1"},{}]' },
    {
      outcome: 'records_rejected',
      fields: { status: 207, dataset: 'orders', taken: 1, refused: 1, failed: 0 },
    },
  ],
  [
    { body: 'x' },
    { outcome: 'request_refused', fields: { status: 400, dataset: 'orders', problem: 'not_json' } },
  ],
  [
    { method: 'GET', path: '/datasets' },
    { outcome: 'request_answered', fields: { status: 200 } },
  ],
])('%j ends in %j', async (sent, line) => {
  const api = startApi();
  expect(logLine(await api.answerRequest(eventOf(sent)))).toEqual(line);
});
