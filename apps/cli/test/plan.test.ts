import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { datasets } from '@sluice/datasets';
import { planEnvironments } from '@sluice/workflows/plan/environments';
import fc from 'fast-check';
import { parseBytes, parseCount } from '../src/plan/amounts.ts';
import { measureFile } from '../src/plan/measure-file.ts';
import { HEADER, smallOrders } from './orders.ts';
import { newFolder, sluice } from './sluice.ts';

let folder: Awaited<ReturnType<typeof newFolder>>;
beforeAll(async () => {
  folder = await newFolder();
  await mkdir(join(folder.path, 'folder'));
  await writeFile(join(folder.path, 'orders.csv'), smallOrders);
  await writeFile(join(folder.path, 'orders.csv.gz'), gzipSync(smallOrders));
  await writeFile(join(folder.path, 'orders.jsonl'), '{"id":"A1"}\n');
  await writeFile(join(folder.path, 'broken.csv'), '');
  await writeFile(join(folder.path, 'settings.json'), JSON.stringify({ region: 'eu-central-1' }));
});
afterAll(() => folder.remove());

const plan = (...args: readonly string[]) => sluice(['plan', ...args], { cwd: folder.path });
const documentOf = async (...args: readonly string[]) => {
  const ended = await plan(...args, '--json');
  expect(ended).toMatchObject({ code: 0, stderr: '' });
  return JSON.parse(ended.stdout);
};

const orders = datasets.get('orders');
if (!orders) throw new Error('there is no dataset orders');
const measured = (name: string) =>
  measureFile(join(folder.path, name), orders, { onBytes: () => {}, signal: new AbortController().signal });

describe('a file', () => {
  test('is measured: its rows, its header, and their widths as JSON', async () => {
    const [, ...lines] = smallOrders.trimEnd().split('\n');
    const { size, csv } = (await documentOf('orders.csv', '--dataset', 'orders')).object;
    expect(size).toBe(Buffer.byteLength(smallOrders));
    expect(csv).toMatchObject({ rows: lines.length, columns: 9, headerBytes: `${HEADER}\n`.length });
  });

  test('leaves nothing behind, and no lake', async () => {
    const before = await readdir(folder.path);
    await documentOf('orders.csv', '--dataset', 'orders');
    expect(await readdir(folder.path)).toEqual(before);
  });

  test('is measured decompressed, and its size as it is', async () => {
    const { object, workflow } = await documentOf('orders.csv.gz', '--dataset', 'orders');
    expect(object).toMatchObject({ size: gzipSync(smallOrders).length, compressed: true, csv: { rows: 9 } });
    expect(workflow).toBe('etl');
  });

  test('of JSON has a size, which is all that counts', async () => {
    expect((await documentOf('orders.jsonl', '--dataset', 'orders')).object).toEqual({
      size: 12,
      format: 'json',
      compressed: false,
      csv: null,
    });
  });

  test('has rows as wide as JSON.stringify makes them', async () => {
    const cell = fc.string({ unit: 'binary' }).filter((text) => text.isWellFormed());
    const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(cell, cell), { minLength: 1, maxLength: 20 }), async (rows) => {
        const names = ['id', 'größe "x"'];
        const text = [names, ...rows].map((cells) => cells.map(quoted).join()).join('\n');
        await writeFile(join(folder.path, 'any.csv'), text);
        const widths = rows.map(([a, b]) => Buffer.byteLength(JSON.stringify({ id: a, 'größe "x"': b })));
        const { csv } = await measured('any.csv');
        expect(csv?.maxItemBytes).toBe(Math.max(...widths));
        expect(csv?.meanItemBytes).toBeCloseTo(widths.reduce((sum, one) => sum + one, 0) / rows.length, 6);
      }),
      { numRuns: 50 },
    );
  });
});

describe('without a file', () => {
  test('any of size, rows and width will do', async () => {
    const { object } = await documentOf('--rows', '1,000,000', '--width', '100', '--dataset', 'orders');
    expect(object.size).toBeGreaterThan(100_000_000);
    expect(object.csv).toMatchObject({ rows: 1_000_000, columns: 9, maxItemBytes: null });
    expect((await documentOf('--size', '10GB', '--dataset', 'orders')).object.size).toBe(10e9);
  });

  test('10 GB are cut by a Distributed Map, and nothing is in their way', async () => {
    const ended = await plan('--size', '10GB', '--dataset', 'orders', '--environment', 'prod');
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    for (const part of [
      /^ {2}Object +10\.0 GB of csv for orders, under prod in eu-central-1$/m,
      /^ {2}Takes +csv-map by typescript$/m,
      /^ +98,608 STANDARD children, /m,
      /^ +ProcessCsvRows +\d+ min \d+ s +\d+ ms for each child$/m,
      /^ {2}History +38 events of 25,000; each child 7, with all retries 45$/m,
      /^ +Step Functions, standard +4\.9307 USD +197,227 state transitions$/m,
      /^ +S3 +0\.5325 USD +98,620 writes$/m,
      /^ +KMS +0\.\d{4} USD /m,
      /^ += together +\d+\.\d{4} USD +list prices of eu-central-1, \d{4}-\d{2}$/m,
      /^ {2}Engines +typescript, in a Map +29 min 47 s +5\.\d{4} USD$/m,
      /^ +spark, on Glue +2 min 5\d s +0\.4\d{3} USD$/m,
      /^ +duckdb, in a Lambda .* more than transform\.lambdaMaxBytes, 1,073,741,824 bytes$/m,
      /^ {2}Advice +EXPRESS is cheaper/m,
      /^ {2}Limits +none is hit$/m,
    ]) {
      expect(ended.stdout).toMatch(part);
    }
  });

  test('a limit in the way is named, with what to do', async () => {
    const { stdout } = await plan('--size', '11GB', '--dataset', 'orders', '--workflow', 'csv-map');
    expect(stdout).toMatch(
      /^ {2}Limits +the file: 11,000,000,000 bytes, at most 10,000,000,000\n +Split the file.*\n +https:/m,
    );
  });

  test('a small object fits a Lambda, and has no limit in its way', async () => {
    const { stdout } = await plan('--size', '10MB', '--dataset', 'orders');
    expect(stdout).toMatch(/^ {2}Takes +etl by duckdb$/m);
    expect(stdout).toMatch(/^ {2}Limits +none is hit$/m);
    expect(stdout).not.toMatch(/^ {2}(Batches|Advice)/m);
  });
});

describe('settings', () => {
  const size = ['--size', '1GB', '--dataset', 'orders'];

  test.each(Object.entries(planEnvironments))('are those of %s', async (name, settings) => {
    expect((await documentOf(...size, '--environment', name)).settings).toEqual(settings);
  });

  test('are those of dev unless something else is said', async () => {
    expect(await documentOf(...size)).toMatchObject({ origin: 'dev', settings: planEnvironments.dev });
  });

  test('can be changed in what --json printed', async () => {
    const first = await documentOf(...size);
    first.settings.map.maxItemsPerBatch = 50;
    await writeFile(join(folder.path, 'mine.json'), JSON.stringify(first));
    const second = await documentOf(...size, '--settings', 'mine.json');
    expect(second).toMatchObject({ origin: 'mine.json', map: { itemsPerBatch: expect.any(Number) } });
    expect(second.map.children).toBeGreaterThan(first.map.children * 9);
    expect(second.usd).toBeGreaterThan(first.usd);
  });
});

describe('a mistake is one line:', () => {
  const D = ['--dataset', 'orders'];
  test.each<[string, readonly string[], number, RegExp]>([
    ['no dataset', ['orders.csv'], 2, /^sluice: which dataset\?/],
    ['an unknown dataset', ['orders.csv', '--dataset', 'odrers'], 2, /did you mean orders\?/],
    ['nothing to plan', D, 2, /how large is it\?/],
    ['no such file', ['missing.csv', ...D], 2, /no such file: missing\.csv/],
    ['a folder', ['folder', ...D], 2, /is a directory/],
    [
      'a file that a run would refuse',
      ['broken.csv', ...D],
      3,
      /a run would refuse broken\.csv: the object is empty/,
    ],
    ['a file and its size', ['orders.csv', '--size', '1GB', ...D], 2, /is measured; leave out --size/],
    ['too much of what is known', ['--size', '1GB', '--rows', '5', '--width', '9', ...D], 2, /leave out one/],
    ['no size', ['--size', 'large', ...D], 2, /--size "large" is no size; write it as 10GB/],
    ['no number', ['--rows', '0', ...D], 2, /--rows "0" is no number of at least 1/],
    ['an unknown environment', ['--size', '1GB', '--environment', 'prd', ...D], 2, /did you mean prod\?/],
    ['an unknown workflow', ['--size', '1GB', '--workflow', 'spark', ...D], 2, /there are etl, csv-map/],
    ['csv-map of JSON', ['orders.jsonl', '--workflow', 'csv-map', ...D], 2, /csv-map takes CSV/],
    [
      'no such settings',
      ['--size', '1GB', '--settings', 'missing.json', ...D],
      2,
      /settings missing\.json cannot be used/,
    ],
    [
      'half of the settings',
      ['--size', '1GB', '--settings', 'settings.json', ...D],
      2,
      /lambda: .*print some/,
    ],
    [
      'settings and an environment',
      ['--size', '1GB', '--settings', 'settings.json', '--environment', 'dev', ...D],
      2,
      /leave out --environment/,
    ],
  ])('%s', async (_what, args, code, says) => {
    const ended = await plan(...args);
    expect(ended).toMatchObject({ code, stdout: '' });
    expect(ended.stderr).toMatch(says);
    expect(ended.stderr.trimEnd()).not.toContain('\n');
  });
});

test('sizes are written as people write them', () => {
  expect(['10GB', '1.5 GiB', '4096', '512mib', '2kB'].map((text) => parseBytes('size', text))).toEqual([
    10e9,
    1.5 * 2 ** 30,
    4096,
    512 * 2 ** 20,
    2000,
  ]);
  for (const wrong of ['', '0', '-1', '10 XB', '1e9', 'GB'])
    expect(() => parseBytes('size', wrong)).toThrow('is no size');
  expect([parseCount('rows', '1,000,000'), parseCount('rows', '12')]).toEqual([1_000_000, 12]);
  for (const wrong of ['1,00', '1.5', '', '-2'])
    expect(() => parseCount('rows', wrong)).toThrow('is no number');
});
