import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import type { SendResult } from '../src/answer-request.ts';
import { datasets, eventOf, type Sent, startApi } from './api.ts';

const ndjson = { 'content-type': 'application/x-ndjson' };
const sent: SendResult = { outcome: 'sent' };
const failed = (errorCode: string): SendResult => ({ outcome: 'failed', errorCode });
const throttled = failed('ProvisionedThroughputExceededException');
const unreachable = failed('TimeoutError');
const answering = (...results: readonly SendResult[]) => startApi({ send: async () => results });

describe('posted records', () => {
  test.each([
    ['one object', { body: '{"id":"1"}' }],
    ['one object on many lines', { body: '\n{\n  "id": "1"\n}\n' }],
    ['an array', { body: '[{"id":"1"}]' }],
    ['JSON lines', { headers: ndjson, body: Buffer.from('{"id":"1"}\r\n\r\n') }],
    [
      'JSON lines of another name',
      { headers: { 'content-type': 'application/jsonl; charset="UTF-8"' }, body: '{"id":"1"}' },
    ],
    ['behind a byte order mark', { body: '\uFEFF{"id":"1"}' }],
    ['gzipped', { headers: { ...ndjson, 'content-encoding': 'gzip' }, body: gzipSync('{"id":"1"}') }],
    [
      'gzipped in several members',
      {
        headers: { ...ndjson, 'content-encoding': 'GZIP' },
        body: Buffer.concat([gzipSync('{"id":'), gzipSync('"1"}')]),
      },
    ],
    ['in base64, though they are text', { body: Buffer.from('{"id":"1"}') }],
  ] as const)('are taken as %s', async (_how, request: Sent) => {
    const api = startApi();
    expect(await api.post(request)).toMatchObject({
      status: 202,
      body: { dataset: 'orders', taken: 1, refused: 0, failed: 0 },
    });
    expect(api.lines().map((line) => JSON.parse(line))).toEqual([{ _dataset: 'orders', id: '1' }]);
  });

  test('are answered one by one if some are not valid, and the valid ones are sent', async () => {
    const api = startApi();
    const body = '[{"id":"1"},{"id":null,"amount":"much"},7]';
    expect(await api.post({ body })).toMatchObject({
      status: 207,
      body: {
        taken: 1,
        refused: 2,
        failed: 0,
        results: [
          { index: 0, outcome: 'taken' },
          {
            index: 1,
            outcome: 'refused',
            reasons: [
              { pointer: '/id', code: 'missing' },
              { pointer: '/amount', code: 'not_a_number' },
            ],
          },
          { index: 2, outcome: 'refused', reasons: [{ pointer: '', code: 'not_an_object' }] },
        ],
      },
    });
    expect(api.stream).toHaveLength(1);
  });

  test('are answered one by one if the stream took only some', async () => {
    const body = '[{"id":"1"},{"id":"2"},{},{"id":"3"},{"id":"4"}]';
    const api = answering(throttled, sent, unreachable, { outcome: 'refused', reason: 'too_large' });
    const answer = await api.post({ body });
    expect(answer).toMatchObject({ status: 207, headers: { 'retry-after': '2' } });
    expect(answer.body).toMatchObject({ taken: 1, refused: 2, failed: 2 });
    expect((answer.body as { results: unknown }).results).toEqual([
      { index: 0, outcome: 'failed', code: 'throttled' },
      { index: 1, outcome: 'taken' },
      { index: 2, outcome: 'refused', reasons: [{ pointer: '/id', code: 'missing' }] },
      { index: 3, outcome: 'failed', code: 'stream_unavailable' },
      { index: 4, outcome: 'refused', reasons: [{ pointer: '', code: 'record_too_large' }] },
    ]);
  });

  test('are 422 if none is valid, and nothing is sent', async () => {
    const api = startApi();
    const body = Buffer.from('{"id":null}\nno json\n');
    expect(await api.post({ headers: ndjson, body })).toMatchObject({
      status: 422,
      body: { code: 'no_record_taken', refused: 2, results: [{}, { reasons: [{ code: 'not_json' }] }] },
    });
    expect(api.stream).toEqual([]);
  });

  test.each([
    ['429 if the stream throttles all of them', [throttled, throttled], 429, 'throttled'],
    ['429 if it throttles some and reaches none', [throttled, unreachable], 429, 'throttled'],
    ['503 if the stream cannot be reached', [unreachable, unreachable], 503, 'stream_unavailable'],
  ])('are %s', async (_what, results, status, code) => {
    expect(await answering(...results).post({ body: '[{"id":"1"},{"id":"2"}]' })).toMatchObject({
      status,
      headers: { 'retry-after': '2' },
      body: { code, taken: 0, failed: 2 },
    });
  });

  test('are a fault of ours if the producer does not tell of each of them', async () => {
    await expect(answering(sent).post({ body: '[{"id":"1"},{"id":"2"}]' })).rejects.toThrow('tells of 1');
  });

  test.each<[string, Sent, number, string]>([
    ['not JSON', { body: '{"id":' }, 400, 'not_json'],
    ['two documents', { body: '{"id":"1"} {"id":"2"}' }, 400, 'not_json'],
    ['an array that does not end', { body: '[{"id":"1"}' }, 400, 'not_json'],
    ['an array with an element that is not JSON', { body: '[{"id":"1"},{id:2}]' }, 400, 'not_json'],
    ['UTF-16', { body: Buffer.from('\uFEFF{"id":"1"}', 'utf16le') }, 422, 'no_record_taken'],
    ['missing', {}, 400, 'no_records'],
    ['blank', { body: ' \r\n\t' }, 400, 'no_records'],
    ['an empty array', { body: '[ ]' }, 400, 'no_records'],
    ['lines of nothing', { headers: ndjson, body: '\n\n' }, 400, 'no_records'],
    [
      'no gzip, though it is said to be',
      { headers: { ...ndjson, 'content-encoding': 'gzip' }, body: Buffer.from('{}') },
      400,
      'corrupt_gzip',
    ],
    [
      'a gzip that is cut off',
      { headers: { ...ndjson, 'content-encoding': 'gzip' }, body: gzipSync('{"id":"1"}').subarray(0, -5) },
      400,
      'corrupt_gzip',
    ],
    [
      'a gzip that came as text',
      { headers: { 'content-encoding': 'gzip' }, body: '\u001f\uFFFD' },
      415,
      'gzip_as_text',
    ],
    [
      'packed in another way',
      { headers: { 'content-encoding': 'br' }, body: '{}' },
      415,
      'unsupported_content_encoding',
    ],
    [
      'of another type',
      { headers: { 'content-type': 'text/csv' }, body: '{}' },
      415,
      'unsupported_content_type',
    ],
    [
      'of a type that is a name of JavaScript',
      { headers: { 'content-type': 'constructor' }, body: '{}' },
      415,
      'unsupported_content_type',
    ],
    [
      'in another charset',
      { headers: { 'content-type': 'application/json; charset=latin1' }, body: '{}' },
      415,
      'unsupported_content_type',
    ],
    ['larger than 5 MiB', { body: Buffer.alloc(5 * 2 ** 20 + 1, 32) }, 413, 'body_too_large'],
    [
      'larger than 5 MiB once it is unpacked',
      { headers: { ...ndjson, 'content-encoding': 'gzip' }, body: gzipSync(Buffer.alloc(2 ** 26, 32)) },
      413,
      'body_too_large',
    ],
    [
      'of more than 500 records',
      { body: `[${Array(501).fill('{"id":"1"}').join(',')}]` },
      413,
      'too_many_records',
    ],
    [
      'of more than 500 lines',
      { headers: ndjson, body: '{"id":"1"}\n'.repeat(501) },
      413,
      'too_many_records',
    ],
  ])('are refused as a whole if the body is %s', async (_what, request, status, code) => {
    const api = startApi();
    expect(await api.post(request)).toMatchObject({
      status,
      headers: { 'content-type': 'application/problem+json' },
      body: { type: 'about:blank', status, code },
    });
    expect(api.stream).toEqual([]);
  });

  test('may be 500, on as many lines', async () => {
    const body = '{"id":"1"}\n'.repeat(500);
    expect(await startApi().post({ headers: ndjson, body })).toMatchObject({
      status: 202,
      body: { taken: 500 },
    });
  });
});

test.each(['\\"', '語', 'k', '~'])(
  'an answer fits what a Lambda may return, though every key of every record is wrong: %s',
  async (letter) => {
    const keys = Array.from({ length: 30 }, (_, at) => `"${letter.repeat(97)}${at}":1`).join(',');
    const count = Math.min(500, Math.floor(5e6 / Buffer.byteLength(keys)));
    const body = `[${Array(count).fill(`{"id":1,${keys}}`).join(',')}]`;
    const { response } = await startApi().answerRequest(eventOf({ path: '/datasets/strict/records', body }));
    expect(response.statusCode).toBe(422);
    expect(Buffer.byteLength(JSON.stringify(response))).toBeLessThan(6_000_000);
  },
);

describe('paths', () => {
  const call = async (method: string, path: string, stage = '$default') => {
    const event = eventOf({ method, path });
    const { response } = await startApi().answerRequest({
      ...event,
      requestContext: { ...event.requestContext, stage },
    });
    return { status: response.statusCode, headers: response.headers ?? {}, body: response.body };
  };

  test.each([
    ['/datasets', 'application/json'],
    ['/datasets/orders', 'application/schema+json'],
    ['/openapi.json', 'application/json'],
  ])('GET %s is %s, and HEAD the same without the body', async (path, type) => {
    const { body, ...head } = await call('GET', path);
    expect(head).toMatchObject({ status: 200, headers: { 'content-type': type } });
    expect(JSON.parse(body ?? '')).toBeInstanceOf(Object);
    expect(await call('HEAD', path)).toEqual({ ...head, body: undefined });
  });

  test('list every dataset that takes JSON, with the way to it', async () => {
    const { body } = await call('GET', '/datasets');
    const list = JSON.parse(body ?? '').datasets;
    const takesJson = [...datasets.values()].filter(({ source }) => source.formats.includes('json'));
    expect(list.map((one: { name: string }) => one.name)).toEqual(takesJson.map(({ name }) => name));
    expect(takesJson.length).toBeLessThan(datasets.size);
    expect(await call('GET', list[0].schema)).toMatchObject({ status: 200 });
  });

  test('may begin with the name of the stage', async () => {
    expect(await call('GET', '/v1/datasets/orders', 'v1')).toMatchObject({ status: 200 });
    expect(await call('GET', '/v1/datasets/orders')).toMatchObject({ status: 404 });
  });

  test.each([
    ['/', 'unknown_path'],
    ['/datasets/', 'unknown_path'],
    ['/datasets/orders/rows', 'unknown_path'],
    ['/datasets/__proto__', 'unknown_dataset'],
    ['/datasets/nothing/records', 'unknown_dataset'],
    ['/datasets/airports/records', 'unknown_dataset'],
  ])('%s is 404', async (path, code) => {
    const { status, body } = await call('POST', path);
    expect({ status, code: JSON.parse(body ?? '').code }).toEqual({ status: 404, code });
  });

  test.each([
    ['GET', '/datasets/orders/records', 'POST, OPTIONS'],
    ['DELETE', '/datasets/orders', 'GET, HEAD, OPTIONS'],
    ['POST', '/datasets', 'GET, HEAD, OPTIONS'],
  ])('%s %s is 405 and tells what would be allowed', async (method, path, allow) => {
    expect(await call(method, path)).toMatchObject({ status: 405, headers: { allow } });
    expect(await call('OPTIONS', path)).toMatchObject({ status: 204, headers: { allow } });
  });
});
