import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { datasets } from '@sluice/datasets';
import fc from 'fast-check';
import { jsonRowsToMend, mendJson } from '../../src/quarantine/mend-json.ts';
import { readMendedRows } from '../../src/quarantine/mended-rows.ts';
import { AS_OF, HEADER } from '../orders.ts';
import { runInProcess } from '../run-in-process.ts';
import { newFolder } from '../sluice.ts';
import { lakeContents, onlyManifest, replayWith } from './replay.ts';

const orders = datasets.get('orders');
if (!orders) throw new Error('no dataset orders');
const KEY = 'incoming/orders/orders.json';

let folder: Awaited<ReturnType<typeof newFolder>>;
beforeAll(async () => {
  folder = await newFolder();
});
afterAll(() => folder.remove());

async function* cut(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

const whole = async (chunks: AsyncIterable<Uint8Array>): Promise<string> => {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(Buffer.from(chunk));
  return String(Buffer.concat(all));
};

/** Amounts come as text or as numbers, with what JSON may have beside them. */
const order = (id: number, amount: unknown): Readonly<Record<string, unknown>> => ({
  id: `A${id}`,
  name: 'a "b", c\nd',
  email: null,
  amount,
  quantity: 1,
  price: '10',
  status: 'ACTIVE',
  created_date: '2025-05-01 10:00:00',
  region_code: '01',
  undeclared: { x: [1] },
});

const textOf = (rows: readonly unknown[], form: 'lines' | 'array'): string =>
  form === 'lines' ? `${rows.map((row) => JSON.stringify(row)).join('\n')}\n` : JSON.stringify(rows, null, 2);

const rowsIn = (text: string, form: 'lines' | 'array'): unknown[] =>
  form === 'array'
    ? JSON.parse(text)
    : text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));

/** As the dataset reads it: numbers as they are written. */
const read = (row: unknown): unknown =>
  Object.fromEntries(
    HEADER.split(',').map((name) => {
      const value: unknown = typeof row === 'object' && row !== null ? Reflect.get(row, name) : null;
      return [name, value === null ? null : String(value)];
    }),
  );

test('makes the object that would have been right from the start, and leaves the other rows as they are', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ id: fc.integer({ min: 1, max: 6 }), bad: fc.boolean() }), {
        minLength: 1,
        maxLength: 12,
      }),
      fc.constantFrom('lines' as const, 'array' as const),
      fc.integer({ min: 1, max: 100 }),
      fc.boolean(),
      async (picks, form, size, bom) => {
        const rows = picks.map(({ id, bad }) => order(id, bad ? 'ten' : id));
        const object = Buffer.from((bom ? '\ufeff' : '') + textOf(rows, form));
        const firsts = new Set<number>();
        const wanted = new Set<number>();
        for (const [at, { id, bad }] of picks.entries()) {
          if (!bad || firsts.has(id)) continue;
          firsts.add(id);
          wanted.add(at + 1);
        }
        fc.pre(wanted.size > 0);
        const given = await whole(jsonRowsToMend(orders, KEY, cut(object, size), wanted).csv);
        const path = join(folder.path, 'mended.csv');
        await writeFile(path, given.replace(/A(\d+),("a ""b"", c\nd"),,ten,/g, 'A$1,$2,,$1,'));
        const mended = await mendJson(
          orders,
          KEY,
          cut(object, size),
          path,
          await readMendedRows(path, orders),
        );
        expect(mended.replaced).toBe(wanted.size);
        expect(mended.replaced + mended.copies).toBe(picks.filter(({ bad }) => bad).length);
        const result = rowsIn(await whole(mended.apply(cut(object, size))), form);
        expect(result.map(read)).toEqual(picks.map(({ id }) => read(order(id, id))));
        for (const [at, { bad }] of picks.entries()) if (!bad) expect(result[at]).toEqual(rows[at]);
      },
    ),
    { numRuns: 150 },
  );
});

test('leaves out rows that are no JSON, and gives them back as they were', async () => {
  const object = Buffer.from(`${JSON.stringify(order(1, 'ten'))}\nnothing\n[1,\xff]\n`, 'latin1');
  const { csv, leftOut } = jsonRowsToMend(orders, KEY, cut(object, 9), new Set([1, 2, 3]));
  const path = join(folder.path, 'rows.csv');
  await writeFile(path, (await whole(csv)).replace(',ten,', ',10,'));
  expect(leftOut).toEqual([2, 3]);
  const { apply } = await mendJson(orders, KEY, cut(object, 9), path, await readMendedRows(path, orders));
  const all: Uint8Array[] = [];
  for await (const chunk of apply(cut(object, 9))) all.push(Buffer.from(chunk));
  expect(Buffer.concat(all).toString('latin1')).toMatch(
    /^\{"id":"A1".*"amount":"10".*\}\nnothing\n\[1,\xff\]\n$/,
  );
});

describe('replaying a JSON object', () => {
  test.each(['lines', 'array'] as const)(
    'as %s leaves the lake that right rows would have left',
    async (form) => {
      const rows = Array.from({ length: 30 }, (_, id) => order(id, id === 7 ? 'ten' : 10));
      const laid = async (name: string, text: string): Promise<string> => {
        const at = join(folder.path, `${form}-${name}`);
        await mkdir(at);
        await writeFile(join(at, 'orders.json'), text);
        await runInProcess(join(at, 'lake'), 'orders', join(at, 'orders.json'), AS_OF);
        return join(at, 'lake');
      };
      const text = textOf(rows, form);
      const lake = await laid('mended', text);
      const { runId } = await onlyManifest(lake);
      const path = join(folder.path, `${form}.csv`);
      const given = await whole(jsonRowsToMend(orders, KEY, cut(Buffer.from(text), 99), new Set([8])).csv);
      await writeFile(path, given.replace(',ten,', ',10,'));
      expect(await replayWith(lake, runId, path)).toMatchObject({
        before: { accepted: 29, quarantined: 1 },
        after: { accepted: 30, quarantined: 0 },
      });
      const right = await laid('right', text.replace('"ten"', '10'));
      expect(await lakeContents(lake)).toEqual(await lakeContents(right));
    },
  );
});
