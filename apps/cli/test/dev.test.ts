import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, readdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { PutRecordsCommand } from '@aws-sdk/client-kinesis';
import { ListExecutionsCommand, SFNClient } from '@aws-sdk/client-sfn';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { kinesisClient } from '@sluice/kinesis-producer';
import { z } from 'zod';
import { litterOf, newFolder, sluice } from './sluice.ts';

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const credentials = { accessKeyId: 'any', secretAccessKey: 'any' };

let folder: Awaited<ReturnType<typeof newFolder>>;
let lake: string;
const running: ChildProcess[] = [];
beforeEach(async () => {
  folder = await newFolder();
  lake = join(folder.path, 'lake');
});
afterEach(async () => {
  for (const child of running.splice(0)) child.kill('SIGKILL');
  await folder.remove();
});

const announced = z.object({
  endpoints: z.object({ kinesis: z.string(), api: z.string(), states: z.string() }),
});
const ranLine = z.object({ runId: z.string(), status: z.string() });

/** A system on free ports, and the runs that it tells of. */
const startDev = async () => {
  const child = spawn(process.execPath, [main, 'dev', '--lake', lake, '--port', '0', '--json'], {
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  running.push(child);
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (text) => {
      said += text;
    });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const next = async (): Promise<unknown> => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`it ended: ${said}`);
    return JSON.parse(value);
  };
  const { endpoints } = announced.parse(await next());
  return {
    endpoints,
    said: () => said,
    run: async () => ranLine.parse(await next()),
    stop: async () => {
      child.kill('SIGINT');
      const [code] = await once(child, 'exit');
      return code;
    },
  };
};

const order = (id: string) => ({
  id,
  status: 'ACTIVE',
  quantity: 1,
  price: 1,
  amount: 1,
  name: 'Canary',
  email: 'canary@example.com',
  region_code: '01',
  created_date: new Date().toISOString().slice(0, 19).replace('T', ' '),
});

const post = (api: string, ...ids: readonly string[]) =>
  fetch(`${api}/datasets/orders/records`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(ids.map(order)),
  });

const idsInLake = async (): Promise<unknown[]> => {
  const { stdout } = await sluice(['query', 'SELECT id FROM orders ORDER BY id', '--lake', lake, '--json']);
  return z
    .object({ rows: z.array(z.object({ id: z.string() })) })
    .parse(JSON.parse(stdout))
    .rows.map(({ id }) => id);
};

test('each door leads to the lake, and Step Functions shows the runs', async () => {
  const dev = await startDev();
  const answer = await post(dev.endpoints.api, 'by-http');
  expect(answer.status).toBe(202);

  const kinesis = kinesisClient({ endpoint: dev.endpoints.kinesis, region: 'local', credentials });
  const records = [{ _dataset: 'orders', ...order('by-stream') }, 'no order of a canary'].map((record) => ({
    Data: Buffer.from(JSON.stringify(record)),
    PartitionKey: 'any',
  }));
  await kinesis.send(new PutRecordsCommand({ StreamName: 'sluice-dev', Records: records }));
  kinesis.destroy();

  const file = join(folder.path, 'one.json');
  await writeFile(file, JSON.stringify([order('by-file')]));
  await copyFile(file, join(lake, 'inbox/orders/one.json'));
  const twin = join(folder.path, 'other.json');
  await writeFile(twin, JSON.stringify([order('by-put')]));
  expect(await sluice(['put', twin, '--dataset', 'orders', '--lake', lake])).toMatchObject({ code: 0 });

  while ((await idsInLake()).length < 4) expect(await dev.run()).toMatchObject({ status: 'published' });
  expect(await idsInLake()).toEqual(['by-file', 'by-http', 'by-put', 'by-stream']);

  const states = new SFNClient({ endpoint: dev.endpoints.states, region: 'local', credentials });
  const stateMachineArn = 'arn:aws:states:local:000000000000:stateMachine:etl';
  const { executions = [] } = await states.send(new ListExecutionsCommand({ stateMachineArn }));
  states.destroy();
  const { stdout } = await sluice(['runs', '--lake', lake, '--json']);
  const runs = z.array(ranLine).parse(JSON.parse(stdout));
  expect(executions.map(({ name }) => name).sort()).toEqual(runs.map(({ runId }) => runId).sort());

  expect(await dev.stop()).toBe(130);
  expect(dev.said()).toMatch(/1 unreadable, in quarantine/);
  expect(dev.said()).not.toMatch(/canary/i);
  expect(await readdir(join(lake, 'inbox/orders'))).toEqual([]);
}, 60_000);

test('what was answered with 202 before Ctrl-C is in the lake when it was started again', async () => {
  const first = await startDev();
  expect((await post(first.endpoints.api, 'a', 'b')).status).toBe(202);
  expect(await first.stop()).toBe(130);
  expect(await litterOf(lake)).toEqual([]);

  const second = await startDev();
  while ((await idsInLake()).length < 2) await second.run();
  expect(await second.stop()).toBe(130);
  expect(await idsInLake()).toEqual(['a', 'b']);
}, 60_000);

test('a lake has one at a time', async () => {
  const dev = await startDev();
  const { code, stderr } = await sluice(['dev', '--lake', lake, '--port', '0']);
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: expect.stringMatching(
      /^sluice: another sluice dev works on \S+; end it, or take another --lake\n$/,
    ),
  });
  await dev.stop();
}, 60_000);

test('a port that is taken is told of, and nothing is left open', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const address = other.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const { code, stderr } = await sluice(['dev', '--lake', lake, '--port', String(port - 2)]);
  other.close();
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: `sluice: port ${port} is taken; take others: sluice dev --port N --lake ${lake}\n`,
  });
}, 60_000);
