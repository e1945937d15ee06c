import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from '@jest/globals';
import { httpEvent } from '@sluice/step-contracts';
import {
  type HttpApi,
  type HttpApiOptions,
  type LocalHttpEvent,
  startHttpApi,
} from '../src/http-api/index.ts';

const running: HttpApi[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((api) => api.close()));
});

const start = async (options: Partial<HttpApiOptions> = {}) => {
  const events: LocalHttpEvent[] = [];
  const api = await startHttpApi({
    handler: async (event) => {
      events.push(event);
      return { statusCode: 200, body: JSON.stringify({ seen: event.rawPath }) };
    },
    ...options,
  });
  running.push(api);
  return { ...api, port: Number(new URL(api.url).port), events };
};

/** As written, where `fetch` would tidy up. */
const send = async (
  port: number,
  path: string,
  {
    method = 'GET',
    headers = {},
    body,
  }: { method?: string; headers?: Record<string, string | string[]>; body?: Buffer | string } = {},
) => {
  const request = httpRequest({ port, path, method, headers, agent: false });
  request.end(body);
  const [response] = await once(request, 'response');
  return { status: response.statusCode, headers: response.headers, body: await text(response) };
};

describe('the event of a request', () => {
  test('is what the contract takes', async () => {
    const { port, events } = await start();
    await send(port, '/a', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' });
    expect(httpEvent.parse(events[0])).toMatchObject({
      version: '2.0',
      rawPath: '/a',
      body: '{}',
      isBase64Encoded: false,
      requestContext: { http: { method: 'POST' }, stage: '$default' },
    });
  });

  test('has lower-case names, equal ones joined, and its cookies apart', async () => {
    const { port, events } = await start();
    await send(port, '/a', { headers: { 'X-One': ['1', '2'], Cookie: 'a=1; b=2' } });
    expect(events[0]?.headers).toMatchObject({ 'x-one': '1,2' });
    expect(events[0]?.headers).not.toHaveProperty('cookie');
    expect(events[0]?.cookies).toEqual(['a=1', 'b=2']);
  });

  test('has the query as it came, and its values joined', async () => {
    const { port, events } = await start();
    await send(port, '/a?x=1&x=2&y=%20');
    expect(events[0]).toMatchObject({
      rawQueryString: 'x=1&x=2&y=%20',
      queryStringParameters: { x: '1,2', y: ' ' },
    });
  });

  test.each([
    ['/a%20b', '/a b'],
    ['/%C3%A4', '/ä'],
    ['/a%252Eb', '/a%252Eb'],
    ['/%zz%', '/%zz%'],
    ['http://elsewhere/a', '/a'],
  ])('has the path %s as %s', async (sent, seen) => {
    const { port, events } = await start();
    await send(port, sent);
    expect(events[0]?.rawPath).toBe(seen);
  });

  test.each([
    ['application/json; charset=utf-8', false],
    ['text/csv', false],
    ['application/x-ndjson', true],
    ['application/octet-stream', true],
    [undefined, true],
  ])('has a body of %s in base64: %s', async (type, isBase64Encoded) => {
    const { port, events } = await start();
    const headers = type === undefined ? {} : { 'content-type': type };
    await send(port, '/a', { method: 'POST', headers, body: 'ä' });
    const body = isBase64Encoded ? Buffer.from('ä').toString('base64') : 'ä';
    expect(events[0]).toMatchObject({ body, isBase64Encoded });
  });

  test('has no body if none was sent', async () => {
    const { port, events } = await start();
    await send(port, '/a');
    expect(events[0]).not.toHaveProperty('body');
  });
});

describe('the answer to a request', () => {
  test('is the handler’s, base64 decoded', async () => {
    const { port } = await start({
      handler: async () => ({
        statusCode: 201,
        headers: { 'content-type': 'image/png' },
        body: Buffer.from('bytes').toString('base64'),
        isBase64Encoded: true,
      }),
    });
    const { status, headers, body } = await send(port, '/a');
    expect({ status, type: headers['content-type'], body }).toEqual({
      status: 201,
      type: 'image/png',
      body: 'bytes',
    });
  });

  test('is 500 without a word of why if the handler throws', async () => {
    const { port } = await start({ handler: () => Promise.reject(new Error('ann@example.com')) });
    expect(await send(port, '/a')).toMatchObject({
      status: 500,
      body: '{"message":"Internal Server Error"}',
    });
  });

  test('is 503 if the handler takes too long, which is told how long it has', async () => {
    let remaining = 0;
    const { port } = await start({
      integrationTimeoutMs: 50,
      handler: async (_event, context) => {
        remaining = context.getRemainingTimeInMillis();
        await sleep(150);
        return { statusCode: 200 };
      },
    });
    expect(await send(port, '/a')).toMatchObject({ status: 503, body: '{"message":"Service Unavailable"}' });
    expect(remaining).toBeGreaterThan(0);
    expect(remaining).toBeLessThanOrEqual(50);
  });

  test.each([
    ['with its length', 'declared'],
    ['in chunks', 'chunked'],
  ])('is 413 for a body over the limit, sent %s, and the handler never sees it', async (_how, how) => {
    const { port, events } = await start({ maxBodyBytes: 1000 });
    const size = 1_000_000;
    const headers = { 'transfer-encoding': 'chunked' };
    const body = Buffer.alloc(size);
    const answer = await send(port, '/a', { method: 'POST', body, ...(how === 'chunked' && { headers }) });
    expect(answer).toMatchObject({ status: 413, body: '{"message":"Request Too Long"}' });
    expect(events).toEqual([]);
  });

  test('is 503 while other bodies fill the memory that there is for them', async () => {
    let finish = (): void => undefined;
    const finished = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const { port } = await start({
      maxBufferedBytes: 1500,
      handler: async () => {
        await finished;
        return { statusCode: 200 };
      },
    });
    const body = Buffer.alloc(1000);
    const first = send(port, '/a', { method: 'POST', body });
    await sleep(50);
    expect((await send(port, '/a', { method: 'POST', body })).status).toBe(503);
    finish();
    expect((await first).status).toBe(200);
    expect((await send(port, '/a', { method: 'POST', body })).status).toBe(200);
  });

  test('to HEAD has no body', async () => {
    const { port } = await start();
    expect(await send(port, '/a', { method: 'HEAD' })).toMatchObject({ status: 200, body: '' });
  });
});

describe('routes', () => {
  const routes = [
    'POST /datasets/{dataset}/records',
    'GET /datasets/{dataset}',
    'GET /datasets/all',
    'ANY /files/{path+}',
  ];

  test.each([
    ['POST', '/datasets/orders/records', 'POST /datasets/{dataset}/records', { dataset: 'orders' }],
    ['GET', '/datasets/orders', 'GET /datasets/{dataset}', { dataset: 'orders' }],
    ['GET', '/datasets/all', 'GET /datasets/all', undefined],
    ['PUT', '/files/a/b', 'ANY /files/{path+}', { path: 'a/b' }],
  ])('%s %s takes %s', async (method, path, routeKey, pathParameters) => {
    const { port, events } = await start({ routes });
    await send(port, path, { method });
    expect(events[0]?.routeKey).toBe(routeKey);
    expect(events[0]?.pathParameters).toEqual(pathParameters);
  });

  test.each([
    ['POST', '/datasets/orders'],
    ['GET', '/datasets/'],
    ['GET', '/datasets/orders/records/1'],
    ['GET', '/'],
  ])('%s %s takes none, which is 404', async (method, path) => {
    const { port, events } = await start({ routes });
    expect(await send(port, path, { method })).toMatchObject({
      status: 404,
      body: '{"message":"Not Found"}',
    });
    expect(events).toEqual([]);
  });

  test('$default takes what is left', async () => {
    const { port, events } = await start({ routes: [...routes, '$default'] });
    await send(port, '/elsewhere');
    expect(events[0]?.routeKey).toBe('$default');
  });

  test('that are none are refused at the start', async () => {
    await expect(
      startHttpApi({ handler: async () => ({ statusCode: 200 }), routes: ['/datasets'] }),
    ).rejects.toThrow('/datasets is no route');
  });
});

describe('clients that send slowly', () => {
  const open = async (port: number, line: string): Promise<Socket> => {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    socket.write(line);
    return socket;
  };
  const rssMb = () => process.memoryUsage().rss / 2 ** 20;

  test('cost little memory, keep nobody else waiting, and are cut off in the end', async () => {
    const { port } = await start({ headersTimeoutMs: 1500, requestTimeoutMs: 1500 });
    await send(port, '/warm');
    const before = rssMb();
    const heads = [
      'GET /a HTTP/1.1\r\nHost: a\r\nX-',
      'POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 9000000\r\n\r\n',
    ];
    const slow = await Promise.all(Array.from({ length: 200 }, (_, at) => open(port, heads[at % 2] ?? '')));
    const ends = slow.map((socket) => once(socket.resume(), 'close'));
    const trickle = setInterval(() => {
      for (const socket of slow) if (socket.writable) socket.write('a');
    }, 100);
    try {
      for (let at = 0; at < 20; at += 1) {
        const asked = performance.now();
        expect((await send(port, '/quick')).status).toBe(200);
        expect(performance.now() - asked).toBeLessThan(1000);
      }
      expect(rssMb() - before).toBeLessThan(50);
      await Promise.all(ends);
    } finally {
      clearInterval(trickle);
      for (const socket of slow) socket.destroy();
    }
  });

  test('are not answered beyond the number of connections', async () => {
    const { port } = await start({ maxConnections: 2 });
    const slow = await Promise.all([open(port, 'GET'), open(port, 'GET')]);
    const third = await open(port, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    const answer = text(third).catch(() => '');
    expect(await answer).toBe('');
    for (const socket of slow) socket.destroy();
  });

  test('may send no more headers than API Gateway takes', async () => {
    const { port, events } = await start();
    const answer = await send(port, '/a', { headers: { 'x-long': 'a'.repeat(11_000) } });
    expect(answer.status).toBe(431);
    expect(events).toEqual([]);
  });
});

test('closing finishes the requests under way, takes no other, and waits for nobody who is still sending', async () => {
  let begun = (): void => undefined;
  const hasBegun = new Promise<void>((resolve) => {
    begun = resolve;
  });
  const { port, close } = await start({
    requestTimeoutMs: 60_000,
    handler: async () => {
      begun();
      await sleep(100);
      return { statusCode: 200, body: 'done' };
    },
  });
  const halfSent = connect(port, '127.0.0.1').on('error', () => undefined);
  halfSent.write('POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n');
  const underWay = send(port, '/a');
  await hasBegun;
  const closed = close();
  await expect(send(port, '/b')).rejects.toThrow('ECONNREFUSED');
  expect(await underWay).toMatchObject({ status: 200, body: 'done' });
  await closed;
  running.length = 0;
});
