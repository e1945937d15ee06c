import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  CreateBucketCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { describeWithMiniStack } from '@sluice/aws-emulator';
import { orders } from '@sluice/datasets';
import { readBytes } from '@sluice/lake-storage';
import { s3Store } from '@sluice/lake-storage/s3';
import { runIdOf } from '@sluice/lake-storage/zones';
import { parseArguments } from '../../src/command.ts';
import { put } from '../../src/commands/put.ts';
import { openDeployedLake } from '../../src/deployed/deployed-lake.ts';
import { EXIT } from '../../src/exit-codes.ts';
import { checkSource } from '../../src/lake/land-file.ts';
import { withDeployedPut } from '../../src/put/put-deployed.ts';
import { hasSameBytes } from '../../src/put/same-bytes.ts';
import { HEADER } from '../orders.ts';
import { terminalOf } from '../quarantine/replay.ts';
import { newFolder } from '../sluice.ts';

const row = 'A1,ann,ann@example.com,10,1,10,ACTIVE,2025-05-01 10:00:00,01\n';
const small = `${HEADER}\n${row}`;
/** Three parts. */
const large = small + row.repeat(Math.ceil((20 * 1024 * 1024) / row.length));

describeWithMiniStack('sluice put to a deployed lake', (miniStack) => {
  const variables = ['AWS_ENDPOINT_URL', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'] as const;
  const outside = Object.fromEntries(variables.map((name) => [name, process.env[name]]));
  const bucket = 'sluice-dev-raw-000000000000';
  let folder: Awaited<ReturnType<typeof newFolder>>;
  let client: S3Client;

  beforeAll(async () => {
    folder = await newFolder();
    const { endpoint, credentials } = miniStack();
    Object.assign(process.env, {
      AWS_ENDPOINT_URL: endpoint,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    });
    client = new S3Client({ endpoint, credentials, region: 'eu-central-1', forcePathStyle: true });
    await client.send(new CreateBucketCommand({ Bucket: bucket }));
    await client.send(
      new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status: 'Enabled' } }),
    );
  });
  afterAll(async () => {
    client?.destroy();
    for (const name of variables) {
      if (outside[name] === undefined) delete process.env[name];
      else process.env[name] = outside[name];
    }
    await folder.remove();
  });

  const file = async (name: string, content: string): Promise<string> => {
    const path = join(folder.path, name);
    await writeFile(path, content);
    return path;
  };
  const sluicePut = async (args: readonly string[], terminal = terminalOf()) => {
    const parsed = parseArguments('put', put, [...args, '--dataset', 'orders', '--env', 'dev', '--json']);
    if (!parsed) throw new Error('help');
    expect(await put.run(parsed, terminal)).toBe(EXIT.ok);
    const { objects } = JSON.parse(terminal.printed.join(''));
    return { objects, said: terminal.said.join('') };
  };
  const versionsOf = async (name: string) => {
    const { Versions = [] } = await client.send(
      new ListObjectVersionsCommand({ Bucket: bucket, Prefix: `incoming/orders/${name}` }),
    );
    return Versions;
  };
  const uploads = async () =>
    (await client.send(new ListMultipartUploadsCommand({ Bucket: bucket }))).Uploads ?? [];

  test.each([
    ['in one piece', 'small.csv', small],
    ['in parts', 'large.csv', large],
  ])('a file lands %s, is named with its run, and is not put twice', async (_how, name, content) => {
    const path = await file(name, content);
    const first = await sluicePut([path]);
    const [object] = first.objects;
    expect(object).toMatchObject({ bucket, key: `incoming/orders/${name}`, outcome: 'new' });
    expect(object.versionId).toBe((await versionsOf(name))[0]?.VersionId);
    expect(object.runId).toBe(runIdOf('orders', object));
    expect(first.said).toContain(`runs/orders/${object.runId}.json`);
    expect(String(await readBytes(s3Store(client), object))).toBe(content);

    const second = await sluicePut([path]);
    expect(second.objects).toEqual([{ ...object, outcome: 'unchanged' }]);
    expect(second.said).toContain('--again');
    expect(await versionsOf(name)).toHaveLength(1);
    expect(await uploads()).toEqual([]);
  });

  test('other bytes are a new version with a run of its own, even if they are as many', async () => {
    const path = await file('changed.csv', small);
    const [first] = (await sluicePut([path])).objects;
    await file('changed.csv', small.replace('ann', 'bob'));
    const [second] = (await sluicePut([path])).objects;
    expect(second).toMatchObject({ outcome: 'replaced', size: first.size });
    expect(second.runId).not.toBe(first.runId);
    expect(await versionsOf('changed.csv')).toHaveLength(2);
  });

  test('with --again the same bytes are put, too', async () => {
    const path = await file('again.csv', small);
    const [first] = (await sluicePut([path])).objects;
    const [second] = (await sluicePut([path, '--again'])).objects;
    expect(second).toMatchObject({ outcome: 'replaced', etag: first.etag });
    expect(second.runId).not.toBe(first.runId);
  });

  test('an object that came without SHA-256 is read to be compared', async () => {
    const theirs = { Bucket: bucket, Key: 'incoming/orders/theirs.csv', Body: small };
    await client.send(new PutObjectCommand({ ...theirs, ChecksumAlgorithm: 'CRC32' }));
    const path = await file('theirs.csv', small);
    expect((await sluicePut([path])).objects).toMatchObject([{ outcome: 'unchanged' }]);
    await file('theirs.csv', small.replace('ann', 'bob'));
    expect((await sluicePut([path])).objects).toMatchObject([{ outcome: 'replaced' }]);
  });

  test('what is stopped on its way leaves neither an object nor parts', async () => {
    const source = await checkSource(await file('stopped.csv', large));
    const stop = new AbortController();
    const putting = {
      signal: stop.signal,
      // The first part is on its way by then.
      onBytes: (_what: unknown, soFar: number) => {
        if (soFar > 12 * 1024 * 1024) stop.abort(new Error('stopped'));
      },
    };
    const lake = await openDeployedLake('dev');
    const stopped = withDeployedPut(lake, orders, (at) => at.put(source, false, putting));
    await expect(stopped).rejects.toThrow('stopped');
    expect(await versionsOf('stopped.csv')).toEqual([]);
    expect(await uploads()).toEqual([]);
  });

  test.each([
    ['in one piece', small],
    ['in parts', large],
  ])('what came %s is compared by what S3 keeps of it, and not read', async (_how, content) => {
    const source = await checkSource(await file('compared.csv', content));
    const [{ versionId, ...object }] = (await sluicePut([source.path])).objects;
    const store = {
      read: async () => {
        throw new Error('nobody should read');
      },
    };
    const watching = { signal: new AbortController().signal, onBytes: () => undefined };
    const isSame = () => hasSameBytes({ client, store }, { ...object, versionId }, object, source, watching);
    expect(await isSame()).toBe(true);
  });

  test('in parts, too, other bytes of the same size are told apart', async () => {
    const path = await file('parts.csv', large);
    await sluicePut([path]);
    await file('parts.csv', large.replace('ann', 'bob'));
    expect((await sluicePut([path])).objects).toMatchObject([{ outcome: 'replaced' }]);
  });

  test('several files are put, and those that are there already are told apart', async () => {
    const paths = [await file('one.csv', small), await file('two.csv', small)];
    await sluicePut(paths.slice(0, 1));
    const { objects } = await sluicePut(paths);
    expect(objects).toMatchObject([{ outcome: 'unchanged' }, { outcome: 'new' }]);
  });

  test('a lake that is not deployed is one clear line', async () => {
    const parsed = parseArguments('put', put, [
      await file('nowhere.csv', small),
      ...['--dataset', 'orders', '--env', 'prod'],
    ]);
    if (!parsed) throw new Error('help');
    await expect(put.run(parsed, terminalOf())).rejects.toMatchObject({
      exitCode: EXIT.fault,
      message: expect.stringMatching(/^There is no bucket sluice-prod-raw-000000000000; [^\n]*$/),
    });
  });
});
