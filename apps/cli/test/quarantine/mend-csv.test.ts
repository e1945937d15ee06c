import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { datasets } from '@sluice/datasets';
import fc from 'fast-check';
import { mendCsv } from '../../src/quarantine/mend-csv.ts';
import { readMendedRows } from '../../src/quarantine/mended-rows.ts';
import { LABEL_COLUMN, labelOf } from '../../src/quarantine/row-label.ts';
import { csvRowsToMend } from '../../src/quarantine/rows-to-mend.ts';
import { HEADER } from '../orders.ts';
import { newFolder } from '../sluice.ts';
import { objectToMend } from './objects-to-mend.ts';

const orders = datasets.get('orders');
if (!orders) throw new Error('no dataset orders');

let folder: Awaited<ReturnType<typeof newFolder>>;
beforeAll(async () => {
  folder = await newFolder();
});
afterAll(() => folder.remove());

async function* cut(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

const whole = async (chunks: AsyncIterable<Uint8Array>): Promise<Buffer> => {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(Buffer.from(chunk));
  return Buffer.concat(all);
};

const giveOut = async (object: Uint8Array, rows: Iterable<number>, size = 7): Promise<string> =>
  String(await whole(csvRowsToMend(orders, cut(object, size), new Set(rows)).csv));

const mend = async (object: Uint8Array, file: string, size = 7) => {
  const path = join(folder.path, 'mended.csv');
  await writeFile(path, file);
  const { apply, ...counts } = await mendCsv(
    orders,
    cut(object, size),
    path,
    await readMendedRows(path, orders),
  );
  return { ...counts, object: String(await whole(apply(cut(object, size)))) };
};

/** A file as it would have been given out, with these rows mended in it. */
const asFile = (given: ReadonlyMap<number, string>, mended: ReadonlyMap<number, string>): string =>
  `${[
    `${LABEL_COLUMN},${HEADER}`,
    ...[...given].map(([row, bad]) => `${labelOf(row, Buffer.from(bad))},${mended.get(row) ?? bad}`),
  ].join('\n')}\n`;

describe('mending an object', () => {
  test('gives rows out as they came, each behind its label', async () => {
    const object = Buffer.from(`${HEADER}\nA1,=1+1,"a\nb",1\n\nA2,"x"y,z\r\nA3,\xff`, 'latin1');
    const rows = csvRowsToMend(orders, cut(object, 5), new Set([1, 2, 3]));
    expect((await whole(rows.csv)).toString('latin1')).toBe(
      [
        `sluice_row,${HEADER}`,
        `${labelOf(1, Buffer.from('A1,=1+1,"a\nb",1'))},A1,=1+1,"a\nb",1`,
        `${labelOf(2, Buffer.from('A2,"x"y,z'))},A2,"x"y,z`,
        `${labelOf(3, Buffer.from('A3,\xff', 'latin1'))},A3,\xff`,
        '',
      ].join('\n'),
    );
    expect(rows.leftOut).toEqual([]);
  });

  test('leaves out a row that an open quote stretches beyond what is kept of it', async () => {
    const object = Buffer.from(`${HEADER}\nA1,short\nA2,"${'x'.repeat(70_000)}\nA3,y`);
    const rows = csvRowsToMend(orders, cut(object, 1000), new Set([1, 2]));
    expect(String(await whole(rows.csv))).toBe(
      `sluice_row,${HEADER}\n${labelOf(1, Buffer.from('A1,short'))},A1,short\n`,
    );
    expect(rows.leftOut).toEqual([2]);
  });

  test('makes the object that would have been right from the start, byte for byte', async () => {
    await fc.assert(
      fc.asyncProperty(objectToMend(1), fc.integer({ min: 1, max: 200 }), async (one, size) => {
        const bad = Buffer.from(one.bad);
        const given = await giveOut(bad, one.given.keys(), size);
        expect(given).toBe(asFile(one.given, new Map()));
        const result = await mend(bad, asFile(one.given, one.mended), size);
        expect(result.object).toBe(one.right);
        expect(result).toMatchObject({ replaced: one.mended.size, copies: one.copies });
      }),
      { numRuns: 200 },
    );
  });

  test('puts several rows in the place of one, where an open quote had swallowed them', async () => {
    const object = Buffer.from(`${HEADER}\nA1,"x,1\nA2,y,2\n`);
    const file = `sluice_row,${HEADER}\n${labelOf(1, object.subarray(HEADER.length + 1))},A1,x,a,1,1,1,ACTIVE,d,r\n${labelOf(1, object.subarray(HEADER.length + 1))},A2,y,a,1,1,1,ACTIVE,d,r\n`;
    expect((await mend(object, file)).object).toBe(
      `${HEADER}\nA1,x,a,1,1,1,ACTIVE,d,r\nA2,y,a,1,1,1,ACTIVE,d,r`,
    );
  });

  test('takes labels that a spreadsheet has put into quotes, and a byte order mark', async () => {
    const object = Buffer.from(`${HEADER}\nA1,x\n`);
    const file = `\ufeff"sluice_row",${HEADER}\r\n"${labelOf(1, Buffer.from('A1,x'))}","A1","x",a,1,1,1,ACTIVE,d,r\r\n`;
    expect((await mend(object, file)).object).toBe(`${HEADER}\n"A1","x",a,1,1,1,ACTIVE,d,r\n`);
  });
});

const whatIs = (row: string): string => `sluice_row,${HEADER}\n${row}\n`;
const bad = 'A1,x';
const object = Buffer.from(`${HEADER}\n${bad}\nA2,y\n`);
const right = 'A1,x,a,1,1,1,ACTIVE,d,r';

describe('a file of mended rows is not taken', () => {
  test.each([
    ['without anything in it', '', 'is empty'],
    ['without the column of labels', `${HEADER}\n${right}\n`, 'is not sluice_row'],
    ['with another delimiter', whatIs('').replaceAll(',', ';'), 'is not sluice_row'],
    ['with a row that was never given out', whatIs(`,${right}`), 'has no sluice_row'],
    ['with a row that is still none', whatIs(`${labelOf(1, Buffer.from(bad))},A1,x,y`), 'wrong_field_count'],
    [
      'with a quote that would swallow the rows behind it',
      whatIs(`${labelOf(1, Buffer.from(bad))},A1,"x`),
      'malformed_quote',
    ],
    [
      'with other columns',
      whatIs(`${labelOf(1, Buffer.from(bad))},${right}`).replace('name', 'nom'),
      'are not those of the object',
    ],
    [
      'with a row of another object',
      whatIs(`${labelOf(1, Buffer.from('else'))},${right}`),
      'give the rows out again',
    ],
    [
      'with a row beyond the end of the object',
      whatIs(`${labelOf(9, Buffer.from(bad))},${right}`),
      'give the rows out again',
    ],
    [
      'with rows that were given out by two runs',
      whatIs(`${labelOf(1, Buffer.from(bad))},${right}\n${labelOf(1, Buffer.from('else'))},${right}`),
      'disagree about row 1',
    ],
  ])('%s', async (_, file, message) => {
    await expect(mend(object, file)).rejects.toThrow(message);
  });

  test('and rows that nobody changed are none', async () => {
    const path = join(folder.path, 'unchanged.csv');
    await writeFile(path, await giveOut(object, [1, 2]));
    expect(await readMendedRows(path, orders)).toMatchObject({ rows: new Map(), unchanged: 2 });
  });
});
