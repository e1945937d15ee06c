import { randomBytes, randomUUID } from 'node:crypto';
import {
  CreateBucketCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  PutBucketVersioningCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { describeWithMiniStack } from '@sluice/aws-emulator';
import { readBytes } from '../src/index.ts';
import { s3Store } from '../src/s3.ts';
import { copiedParts, copyInParts } from '../src/s3-copy.ts';
import { objectStoreContract, text, textOf } from './contract.ts';

describeWithMiniStack('the S3 store', (miniStack) => {
  let client: S3Client;
  beforeAll(() => {
    client = new S3Client({ ...miniStack(), forcePathStyle: true });
  });
  afterAll(() => client?.destroy());

  const newBucket = async (): Promise<string> => {
    const bucket = `test-${randomUUID()}`;
    await client.send(new CreateBucketCommand({ Bucket: bucket }));
    return bucket;
  };

  objectStoreContract(async () => ({ store: s3Store(client), bucket: await newBucket() }));

  test('a large upload that fails leaves no parts behind that would be paid for', async () => {
    const store = s3Store(client);
    const bucket = await newBucket();
    const broken = async function* () {
      for (let i = 0; i < 20; i += 1) yield randomBytes(1024 * 1024);
      throw new Error('the source broke');
    };
    await expect(store.put({ bucket, key: 'large' }, broken())).rejects.toThrow('the source broke');
    const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket }));
    expect(Uploads).toEqual([]);
  });

  test('a large stream created with ifNoneMatch does not replace an object', async () => {
    const store = s3Store(client);
    const at = { bucket: await newBucket(), key: 'large' };
    await store.put(at, text('first'));
    const large = async function* () {
      for (let i = 0; i < 10; i += 1) yield randomBytes(1024 * 1024);
    };
    expect(await store.put(at, large(), { ifNoneMatch: '*' })).toEqual({ outcome: 'exists' });
    expect(await textOf(store, at.bucket, at.key)).toBe('first');
  });

  test.each([
    ['of a small object', 1, /^[^-]{44}$/],
    ['of each part of a large one', 10, /^[^-]{44}-2$/],
  ])('SHA-256 %s is kept where it is asked for', async (_what, mebibytes, checksum) => {
    const at = { bucket: await newBucket(), key: 'a' };
    const body = async function* () {
      for (let i = 0; i < mebibytes; i += 1) yield randomBytes(1024 * 1024);
    };
    await s3Store(client).put(at, body(), { checksum: 'sha256' });
    const kept = await client.send(
      new HeadObjectCommand({ Bucket: at.bucket, Key: at.key, ChecksumMode: 'ENABLED' }),
    );
    expect(kept.ChecksumSHA256).toMatch(checksum);
  });

  test('a version stays readable after it was replaced', async () => {
    const store = s3Store(client);
    const bucket = await newBucket();
    await client.send(
      new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status: 'Enabled' } }),
    );
    const at = { bucket, key: 'a.csv' };
    const first = await store.put(at, text('1'));
    await store.put(at, text('2'));
    const versionId = first.outcome === 'stored' ? (first.versionId ?? '') : '';
    expect(versionId).not.toBe('');
    expect(await store.head({ ...at, versionId })).toMatchObject({ size: 1, versionId });
    expect(Buffer.from((await readBytes(store, { ...at, versionId })) ?? []).toString()).toBe('1');
    await store.copy({ ...at, versionId }, { bucket, key: 'copy' });
    expect(await textOf(store, bucket, 'copy')).toBe('1');
  });

  test('an object too large for one copy request is copied in parts', async () => {
    const store = s3Store(client);
    const bucket = await newBucket();
    const bytes = randomBytes(12 * 1024 * 1024 + 7);
    const from = { bucket, key: 'from +ü' };
    await store.put(from, bytes);
    const head = await store.head(from);
    if (!head) throw new Error('not stored');
    const to = { bucket, key: 'to' };
    expect(await copyInParts(client, from, to, head, copiedParts(head.size, 5 * 1024 * 1024))).toMatchObject({
      outcome: 'stored',
    });
    expect(Buffer.from((await readBytes(store, to)) ?? []).equals(bytes)).toBe(true);
  });

  test('a copy in parts that fails leaves none of them behind that would be paid for', async () => {
    const store = s3Store(client);
    const bucket = await newBucket();
    const from = { bucket, key: 'from' };
    await store.put(from, Buffer.alloc(10));
    const head = { size: 20, etag: 'replaced meanwhile', lastModified: new Date(0) };
    const to = { bucket, key: 'to' };
    await expect(copyInParts(client, from, to, head, copiedParts(20, 10))).rejects.toThrow();
    const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket }));
    expect(Uploads).toEqual([]);
    expect(await store.head(to)).toBeNull();
  });

  test('a missing bucket is one clear line, not an absent object', async () => {
    const store = s3Store(client);
    const at = { bucket: 'no-such-bucket-here', key: 'a' };
    for (const attempt of [() => store.put(at, text('x')), () => store.read(at)]) {
      await expect(attempt()).rejects.toMatchObject({
        code: 'no_such_bucket',
        message: expect.stringMatching(/^There is no bucket no-such-bucket-here; [^\n]*$/),
      });
    }
  });
});
