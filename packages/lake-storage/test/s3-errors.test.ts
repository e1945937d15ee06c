import { createServer, type Server } from 'node:http';
import { S3Client } from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { s3Store } from '../src/s3.ts';
import { text } from './contract.ts';

interface Answer {
  readonly status: number;
  readonly body?: string;
  readonly headers?: Record<string, string>;
}

const error = (status: number, code: string): Answer => ({
  status,
  body: `<?xml version="1.0"?><Error><Code>${code}</Code><Message>as S3 words it</Message></Error>`,
});

/** Answers that an emulator cannot be made to give, served as S3 would word them. */
describe('what S3 may answer', () => {
  let server: Server;
  let client: S3Client;
  let answers: Record<string, Answer> = {};

  beforeAll(async () => {
    server = createServer((request, response) => {
      request.resume().on('end', () => {
        const { status, body, headers } = answers[request.method ?? ''] ?? error(500, 'NotExpected');
        response.writeHead(status, headers).end(request.method === 'HEAD' ? undefined : body);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    client = new S3Client({
      endpoint: `http://127.0.0.1:${address.port}`,
      forcePathStyle: true,
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      maxAttempts: 1,
    });
  });
  afterEach(() => {
    answers = {};
  });
  afterAll(() => {
    client.destroy();
    server.close();
  });

  const at = { bucket: 'lake-raw', key: 'a.csv' };

  test('a denied request names the object and the permission', async () => {
    answers = { GET: error(403, 'AccessDenied') };
    await expect(s3Store(client).read(at)).rejects.toMatchObject({
      code: 'access_denied',
      message: expect.stringMatching(
        /^S3 denied access to a\.csv in bucket lake-raw .*s3:ListBucket.* kms:Decrypt .*kms:GenerateDataKey[^\n]*$/,
      ),
    });
  });

  test('throttling keeps the name that a retry looks for', async () => {
    answers = { PUT: error(503, 'SlowDown') };
    await expect(s3Store(client).put(at, text('x'))).rejects.toMatchObject({ name: 'SlowDown' });
  });

  test('a creator that collided with another finds out who won', async () => {
    answers = {
      PUT: error(409, 'ConditionalRequestConflict'),
      HEAD: { status: 200, headers: { ETag: '"e"' } },
    };
    expect(await s3Store(client).put(at, text('x'), { ifNoneMatch: '*' })).toEqual({ outcome: 'exists' });
    expect(await s3Store(client).put(at, text('x'), { ifMatch: 'other' })).toEqual({ outcome: 'changed' });
  });

  test('a collision that left no object is to be tried again', async () => {
    answers = { PUT: error(409, 'ConditionalRequestConflict'), HEAD: { status: 404 } };
    await expect(s3Store(client).put(at, text('x'), { ifNoneMatch: '*' })).rejects.toMatchObject({
      code: 'conflict',
    });
  });

  test('deleteMany says which keys are still there', async () => {
    answers = {
      POST: {
        status: 200,
        body:
          '<?xml version="1.0"?><DeleteResult>' +
          '<Error><Key>locked</Key><Code>AccessDenied</Code><Message>retention</Message></Error></DeleteResult>',
      },
    };
    expect(await s3Store(client).deleteMany('lake-raw', ['gone', 'locked'])).toEqual({
      deleted: ['gone'],
      failed: [{ key: 'locked', reason: 'AccessDenied: retention' }],
    });
  });

  test('an answer cut short is an error, never a shorter object', async () => {
    answers = { GET: { status: 200, body: 'half', headers: { 'Content-Length': '1000' } } };
    const read = async () => {
      for await (const _ of (await s3Store(client).read(at)) ?? []);
    };
    const reading = read();
    setTimeout(() => server.closeAllConnections(), 200);
    await expect(reading).rejects.toThrow();
  });
});
