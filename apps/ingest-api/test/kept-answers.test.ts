import { describe, expect, test } from '@jest/globals';
import { memoryStore } from '@sluice/lake-storage/memory';
import fc from 'fast-check';
import type { SendRecords, SendResult } from '../src/answer-request.ts';
import { type Sent, startApi } from './api.ts';

const body = '{"id":"1"}';
const keyed = (more: Sent = {}, key = 'key-1'): Sent => ({
  body,
  ...more,
  headers: { 'idempotency-key': key, ...more.headers },
});
const iam = (userArn: string) => ({ authorizer: { iam: { userArn } } });
const jwt = (sub: string) => ({ authorizer: { jwt: { claims: { iss: 'https://id.example.com', sub } } } });

/** Sends wait until they are let go. */
const waitingApi = (now: () => number = Date.now) => {
  const waiting: ((result: SendResult) => void)[] = [];
  const send: SendRecords = async (records) => {
    const result = await new Promise<SendResult>((resolve) => waiting.push(resolve));
    return records.map(() => result);
  };
  const answers = { objects: memoryStore(), curatedBucket: 'curated', now, claimMs: 60_000 };
  const begun = async (): Promise<(result: SendResult) => void> => {
    for (;;) {
      const release = waiting.shift();
      if (release) return release;
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  return { api: startApi({ send, answers }), begun };
};

describe('a request with an Idempotency-Key', () => {
  test('that comes again gets the same answer, and sends nothing again', async () => {
    const api = startApi();
    const mixed = keyed({ body: '[{"id":"1"},{}]' });
    const first = await api.post(mixed);
    const second = await api.post(mixed);
    expect(first.headers).not.toHaveProperty('idempotency-replayed');
    expect(second.headers).toEqual({ ...first.headers, 'idempotency-replayed': 'true' });
    expect({ status: second.status, body: second.body }).toEqual({ status: 207, body: first.body });
    expect(api.stream).toHaveLength(1);
  });

  test('that comes again in another wrapping is the same', async () => {
    const api = startApi();
    await api.post(keyed({ body: Buffer.from(body) }));
    expect(await api.post(keyed({ body }))).toMatchObject({ headers: { 'idempotency-replayed': 'true' } });
  });

  test('that comes with another body is refused', async () => {
    const api = startApi();
    await api.post(keyed());
    expect(await api.post(keyed({ body: '{"id":"2"}' }))).toMatchObject({
      status: 422,
      body: { code: 'idempotency_key_reused' },
    });
    expect(api.stream).toHaveLength(1);
  });

  test.each<[string, Sent, Sent]>([
    ['of another dataset', keyed(), keyed({ path: '/datasets/strict/records', body: '{"id":1}' })],
    ['of another user', keyed(iam('arn:aws:iam::1:user/a')), keyed(iam('arn:aws:iam::1:user/b'))],
    [
      'of another role',
      keyed(iam('arn:aws:sts::1:assumed-role/a/s')),
      keyed(iam('arn:aws:sts::1:assumed-role/b/s')),
    ],
    ['of another subject', keyed(jwt('a')), keyed(jwt('b'))],
    ['with another key', keyed(), keyed({}, 'key-2')],
  ])('is another one %s', async (_what, one, other) => {
    const api = startApi();
    await api.post(one);
    expect(await api.post(other)).toMatchObject({ status: 202 });
    expect(api.stream).toHaveLength(2);
  });

  test('is the same from another session of a role', async () => {
    const api = startApi();
    await api.post(keyed(iam('arn:aws:sts::1:assumed-role/shop/i-1')));
    await api.post(keyed(iam('arn:aws:sts::1:assumed-role/shop/i-2')));
    expect(api.stream).toHaveLength(1);
  });

  test('is told to wait while the first one is worked on', async () => {
    const { api, begun } = waitingApi();
    const first = api.post(keyed());
    const release = await begun();
    expect(await api.post(keyed())).toMatchObject({
      status: 409,
      headers: { 'retry-after': '60' },
      body: { code: 'request_in_progress' },
    });
    release({ outcome: 'sent' });
    expect(await first).toMatchObject({ status: 202 });
    expect(await api.post(keyed())).toMatchObject({
      status: 202,
      headers: { 'idempotency-replayed': 'true' },
    });
  });

  test('takes over what a function that is gone has left, whose late answer is not kept then', async () => {
    let now = 0;
    const { api, begun } = waitingApi(() => now);
    const dead = api.post(keyed());
    const releaseDead = await begun();
    now = 60_000;
    const heir = api.post(keyed());
    const releaseHeir = await begun();
    releaseDead({ outcome: 'sent' });
    expect((await dead).answered.kept).toBe(false);
    expect(await api.post(keyed())).toMatchObject({ status: 409 });
    releaseHeir({ outcome: 'sent' });
    expect((await heir).answered.kept).toBe(true);
    expect(await api.post(keyed())).toMatchObject({ headers: { 'idempotency-replayed': 'true' } });
  });

  test('of which nothing was taken may be sent again at once', async () => {
    const { api, begun } = waitingApi();
    const first = api.post(keyed());
    (await begun())({ outcome: 'failed', errorCode: 'TimeoutError' });
    expect(await first).toMatchObject({ status: 503 });
    const second = api.post(keyed());
    (await begun())({ outcome: 'sent' });
    expect(await second).toMatchObject({ status: 202 });
  });

  test('is answered though the answer cannot be kept, since its records are in the stream', async () => {
    const objects = memoryStore();
    let puts = 0;
    const failing = {
      ...objects,
      put: async (...args: Parameters<typeof objects.put>) => {
        puts += 1;
        if (puts === 2) throw new Error('S3 is down');
        return objects.put(...args);
      },
    };
    const api = startApi({
      answers: { objects: failing, curatedBucket: 'curated', now: Date.now, claimMs: 1 },
    });
    expect(await api.post(keyed())).toMatchObject({ status: 202, answered: { kept: false } });
  });

  test('that has nothing to send leaves nothing behind', async () => {
    const api = startApi();
    expect(await api.post(keyed({ body: '{}' }))).toMatchObject({ status: 422 });
    for await (const key of api.objects.keys('curated', '')) throw new Error(key);
  });

  test('keeps neither the key nor a value of a record', async () => {
    const api = startApi();
    await api.post(keyed({ body: '[{"id":"canary"},{"id":"canary","amount":"canary"}]' }, 'canary-key'));
    for await (const key of api.objects.keys('curated', '')) {
      expect(key).toMatch(/^requests\/orders\/[0-9a-f]{64}\.json$/);
      for await (const chunk of (await api.objects.read({ bucket: 'curated', key })) ?? [])
        expect(Buffer.from(chunk).toString()).not.toContain('canary');
    }
    expect.assertions(2);
  });

  test.each(['', 'a'.repeat(256), 'two words', 'ä', 'a\u0000'])('is refused with the key %j', async (key) => {
    expect(await startApi().post(keyed({}, key))).toMatchObject({
      status: 400,
      body: { code: 'bad_idempotency_key' },
    });
  });
});

test('of any number of equal requests that come at any time, one is sent', async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), fc.integer({ min: 2, max: 5 }), async (scheduler, count) => {
      const objects = memoryStore();
      const slow = {
        head: scheduler.scheduleFunction(objects.head),
        read: scheduler.scheduleFunction(objects.read),
        put: scheduler.scheduleFunction(objects.put),
      };
      const api = startApi({
        answers: { objects: slow, curatedBucket: 'curated', now: () => 0, claimMs: 1000 },
      });
      const answers = Array.from({ length: count }, () => api.post(keyed()));
      await scheduler.waitFor(Promise.all(answers));
      const statuses = (await Promise.all(answers)).map(({ status }) => status);
      expect(statuses.every((status) => status === 202 || status === 409)).toBe(true);
      expect(statuses).toContain(202);
      expect(api.stream).toHaveLength(1);
    }),
    { numRuns: 50 },
  );
});
