import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { orders } from '@sluice/datasets';
import { EXIT } from '../../src/exit-codes.ts';
import { openOrCreateLake } from '../../src/lake/open-lake.ts';
import { filesToPut } from '../../src/put/files-to-put.ts';
import { putEmbedded } from '../../src/put/put-embedded.ts';
import { commandInProcess } from '../failures/command-in-process.ts';
import { AS_OF, HEADER, smallOrders } from '../orders.ts';
import { runInProcess } from '../run-in-process.ts';
import { litterOf, newFolder, zonesOf } from '../sluice.ts';

let folder: Awaited<ReturnType<typeof newFolder>>;
beforeEach(async () => {
  folder = await newFolder();
});
afterEach(() => folder.remove());

const lakeFolder = (): string => join(folder.path, 'lake');
const file = async (name: string, content: string | Uint8Array = smallOrders): Promise<string> => {
  const path = join(folder.path, name);
  await writeFile(path, content);
  return path;
};
const put = (...args: readonly string[]) =>
  commandInProcess('put', [...args, '--dataset', 'orders', '--lake', lakeFolder()]);
const putJson = async (...args: readonly string[]) =>
  JSON.parse((await put(...args, '--json')).stdout).objects;

describe('a file that is put into the embedded lake', () => {
  test('lies in the raw zone, and nothing else', async () => {
    const { code, stdout, stderr } = await put(await file('orders.csv'));
    expect({ code, stdout }).toEqual({ code: EXIT.ok, stdout: '' });
    expect(Object.keys(await zonesOf(lakeFolder())).filter((path) => path.includes('.'))).toEqual([
      '/raw/incoming/orders/orders.csv',
    ]);
    expect(stderr).toMatch(/incoming\/orders\/orders\.csv {2}\d+ bytes, put\n/);
    expect(stderr).toContain('nothing has run yet');
    expect(stderr).toMatch(/sluice run \S+orders\.csv --dataset orders --lake /);
  });

  test('is the very object that sluice run takes, whose id was told', async () => {
    const path = await file('orders.csv');
    const [{ runId, outcome }] = await putJson(path);
    const { run, landed } = await runInProcess(lakeFolder(), 'orders', path, AS_OF);
    expect({ runId, outcome, landed }).toEqual({ runId: run.runId, outcome: 'new', landed: false });
  });

  test('is left alone when it comes again, before its run and after it', async () => {
    const path = await file('orders.csv');
    await put(path);
    const zones = await zonesOf(lakeFolder());
    expect(await putJson(path)).toMatchObject([{ outcome: 'unchanged' }]);
    expect(await zonesOf(lakeFolder())).toEqual(zones);
    await runInProcess(lakeFolder(), 'orders', path, AS_OF);
    const { stderr } = await put(path);
    expect(stderr).toContain('has the same bytes already');
    expect(stderr).toMatch(/sluice show orders-\w+ .*its run is over/);
  });

  test('gets the name that is wanted', async () => {
    const path = await file('export.csv');
    expect(await putJson(path, '--name', '2026-11-21.csv')).toMatchObject([
      { key: 'incoming/orders/2026-11-21.csv', file: path },
    ]);
    const { stderr } = await put(path, '--name', '2026-11-21.csv');
    // The file itself would be another object.
    expect(stderr).toMatch(/sluice run \S+incoming\/orders\/2026-11-21\.csv --dataset orders/);
  });

  test('replaces one of its name whose rows are in the lake', async () => {
    const first = await file('orders.csv');
    await runInProcess(lakeFolder(), 'orders', first, AS_OF);
    await file('orders.csv', `${HEADER}\nB1,ann,a@example.com,10,1,10,ACTIVE,2025-05-01 10:00:00,01\n`);
    expect(await putJson(first)).toMatchObject([{ outcome: 'replaced' }]);
  });

  test('does not replace one that no run has taken: its rows would be lost', async () => {
    const path = await file('orders.csv');
    await put(path);
    const zones = await zonesOf(lakeFolder());
    await file('orders.csv', `${HEADER}\n`);
    await expect(put(path)).rejects.toMatchObject({
      exitCode: EXIT.usage,
      message: expect.stringMatching(/no run has taken them yet; run them first: sluice run .*--name$/),
    });
    expect(await zonesOf(lakeFolder())).toEqual(zones);
  });

  test('leaves nothing half-written when it is stopped', async () => {
    const path = await file('orders.csv', Buffer.concat([Buffer.from(smallOrders), Buffer.alloc(5e6, '\n')]));
    const lake = await openOrCreateLake(lakeFolder());
    const [source] = await filesToPut({
      paths: [path],
      dataset: orders,
      name: undefined,
    });
    if (!source) throw new Error('no file');
    const stop = new AbortController();
    const stopped = putEmbedded(lake, orders, source, {
      signal: stop.signal,
      onBytes: () => stop.abort(new Error('stopped')),
      onWait: () => undefined,
    });
    await expect(stopped).rejects.toThrow('stopped');
    expect(Object.keys(await zonesOf(lakeFolder())).filter((path) => path.includes('.csv'))).toEqual([]);
    expect(await litterOf(lakeFolder())).toEqual([]);
  });

  test('is not taken while somebody writes it', async () => {
    const path = await file('orders.csv');
    const lake = await openOrCreateLake(lakeFolder());
    const source = { path, name: 'orders.csv', size: 10 };
    const putting = {
      signal: new AbortController().signal,
      onBytes: () => undefined,
      onWait: () => undefined,
    };
    await expect(putEmbedded(lake, orders, source, putting)).rejects.toThrow('was written while it was read');
    expect(Object.keys(await zonesOf(lakeFolder())).filter((path) => path.includes('.csv'))).toEqual([]);
  });
});

describe('several files', () => {
  test('are put one after another', async () => {
    const paths = [
      await file('a.csv'),
      await file('b.jsonl', '{"id":"1"}\n'),
      await file('c.csv.gz', gzipSync(smallOrders)),
    ];
    expect(await putJson(...paths)).toMatchObject(
      ['a.csv', 'b.jsonl', 'c.csv.gz'].map((name) => ({ key: `incoming/orders/${name}`, outcome: 'new' })),
    );
  });

  test('are put all or none, if one of them would be refused', async () => {
    const paths = [await file('a.csv'), await file('b.csv', '')];
    await expect(put(...paths)).rejects.toMatchObject({ exitCode: EXIT.refused });
    expect(await zonesOf(lakeFolder())).toEqual({});
  });

  test('need names of their own', async () => {
    await mkdir(join(folder.path, 'other'));
    const paths = [await file('a.csv'), await file('other/a.csv')];
    await expect(put(...paths)).rejects.toThrow('would both be a.csv');
    await expect(put(...paths, '--name', 'b.csv')).rejects.toThrow('--name is for one file');
  });
});

describe('what a run would refuse at once is not put', () => {
  test.each([
    ['an unknown extension', 'a.xlsx', 'hello', 'ends in none of .csv'],
    ['an empty file', 'a.csv', '', 'is empty'],
    ['an Excel workbook under another name', 'a.csv', 'PK\u0003\u0004', 'a ZIP archive or an Excel workbook'],
    ['a header without the columns', 'a.csv', 'x,y\n1,2\n', 'has no column "id"'],
    ['control characters in its name', 'a\n.csv', smallOrders, 'control characters'],
  ])('%s', async (_what, name, content, message) => {
    await expect(put(await file(name, content))).rejects.toMatchObject({
      exitCode: EXIT.refused,
      message: expect.stringContaining(message),
    });
    expect(await zonesOf(lakeFolder())).toEqual({});
  });
});

describe('a command line that cannot be carried out', () => {
  test.each([
    ['a folder', ['.'], 'is a directory; give a file in it'],
    ['no such file', ['nowhere.csv'], 'no such file: nowhere.csv'],
    ['a folder in the name', ['README.md', '--name', 'a/b.csv'], 'has no folders'],
    ['--again without --env', ['README.md', '--again'], '--again is for --env'],
    ['an unknown environment', ['README.md', '--env', 'pord'], 'did you mean prod?'],
  ])('%s', async (_what, args, message) => {
    await expect(put(...args)).rejects.toMatchObject({
      exitCode: EXIT.usage,
      message: expect.stringContaining(message),
    });
  });

  test('no dataset, or a misspelt one', async () => {
    await expect(commandInProcess('put', ['a.csv'])).rejects.toThrow('which dataset? sluice put a.csv');
    await expect(commandInProcess('put', ['a.csv', '--dataset', 'odrers'])).rejects.toThrow('mean orders?');
  });
});
