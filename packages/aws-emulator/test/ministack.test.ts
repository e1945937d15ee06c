import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { CreateBucketCommand, ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { expect, test } from '@jest/globals';
import { describeWithMiniStack, type MiniStack, startMiniStack } from '../src/index.ts';

const owner = fileURLToPath(new URL('emulator-owner.ts', import.meta.url));

const answers = (endpoint: string): Promise<boolean> =>
  fetch(`${endpoint}/_ministack/health`).then(
    (response) => response.ok,
    () => false,
  );

async function goesSilent(endpoint: string): Promise<boolean> {
  for (let waited = 0; waited < 10_000; waited += 100) {
    if (!(await answers(endpoint))) return true;
    await sleep(100);
  }
  return false;
}

describeWithMiniStack('an emulator for a test suite', (miniStack) => {
  const withClient = async <T>(emulator: MiniStack, work: (client: S3Client) => Promise<T>): Promise<T> => {
    const client = new S3Client({ ...emulator, forcePathStyle: true });
    try {
      return await work(client);
    } finally {
      client.destroy();
    }
  };
  const buckets = (emulator: MiniStack) =>
    withClient(emulator, async (client) =>
      ((await client.send(new ListBucketsCommand({}))).Buckets ?? []).map(({ Name }) => Name),
    );

  test('answers on the loopback interface', async () => {
    expect(miniStack().endpoint).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(await answers(miniStack().endpoint)).toBe(true);
  });

  test('asks who somebody is only if it is told to authorize', async () => {
    const unknown = { accessKeyId: 'AKIAUNKNOWN', secretAccessKey: 'guessed' };
    const authorizing = await startMiniStack({ authorize: true });
    try {
      expect(await buckets(authorizing)).toEqual([]);
      await expect(buckets({ ...authorizing, credentials: unknown })).rejects.toThrow(/access key/i);
    } finally {
      await authorizing.stop();
    }
    expect(await buckets({ ...miniStack(), credentials: unknown })).toEqual([]);
  }, 30_000);

  test('shares nothing with another, and is gone once stopped', async () => {
    const other = await startMiniStack();
    try {
      await withClient(other, (client) => client.send(new CreateBucketCommand({ Bucket: 'only-there' })));
      expect(await buckets(other)).toEqual(['only-there']);
      expect(await buckets(miniStack())).toEqual([]);
    } finally {
      await other.stop();
    }
    expect(await answers(other.endpoint)).toBe(false);
    await other.stop();
  }, 30_000);

  test('does not outlive the process that started it, even one that was killed', async () => {
    const child = spawn(process.execPath, [owner], {
      env: { ...process.env, NODE_OPTIONS: '' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = await once(child.stdout, 'data');
    const endpoint = String(line).trim();
    expect(await answers(endpoint)).toBe(true);
    child.kill('SIGKILL');
    expect(await goesSilent(endpoint)).toBe(true);
  }, 30_000);
});
