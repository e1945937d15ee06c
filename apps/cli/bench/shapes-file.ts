import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Dataset, defineDataset, double, integer, oneOf, text, timestamp } from '@sluice/record-schema';
import { seeded } from '../src/demo/seeded.ts';

/** Objects of shapes that an engine may break on: long cells, many columns, one row over and over. */
export interface Shape {
  readonly dataset: Dataset;
  /** What is in the file, for people. */
  readonly what: string;
  readonly lines: () => Generator<string>;
}

const LONG_TEXT = 1_000_000;
const COLUMNS = 2000;

const texts: Shape = {
  dataset: defineDataset({
    name: 'texts',
    doc: 'Texts of a million characters.',
    fields: { id: text({ required: true }), body: text({ trim: true, upper: true }), kind: text() },
    rules: ({ col }) => ({ wanted: oneOf(col('kind'), ['a', 'b']) }),
  }),
  what: '300 rows with a text of 1 MB each',
  *lines() {
    const random = seeded(1);
    yield 'id,body,kind\n';
    for (let row = 0; row < 300; row += 1) {
      const word = `lorem "ipsum", ${random()} `.replaceAll('"', '""');
      const body = word
        .repeat(Math.ceil(LONG_TEXT / word.length))
        .slice(0, LONG_TEXT)
        .replace(/"+$/, '');
      yield `${row % 50 === 49 ? '' : row},"${body}",${'abc'[row % 3]}\n`;
    }
  },
};

/** By turns a text, a number, a whole number, a moment. */
const columnOf = (at: number) => [text({ trim: true }), double(), integer(), timestamp()][at % 4] ?? text();
const wideCell = (random: () => number, at: number): string => {
  const number = Math.floor(random() * 1e6);
  if (number % 50 === 0) return '';
  return (
    ['t', '', '', '2026-01-02 03:04:05'][at % 4] +
    (at % 4 === 3 ? '' : String(number)) +
    (at % 4 === 1 ? '.5' : '')
  );
};

const wide: Shape = {
  dataset: defineDataset({
    name: 'wide',
    doc: `${COLUMNS} columns.`,
    fields: Object.fromEntries(Array.from({ length: COLUMNS }, (_, at) => [`c${at}`, columnOf(at)])),
  }),
  what: `5,000 rows of ${COLUMNS.toLocaleString('en')} columns`,
  *lines() {
    const random = seeded(2);
    yield `${Array.from({ length: COLUMNS }, (_, at) => `c${at}`).join(',')}\n`;
    for (let row = 0; row < 5000; row += 1) {
      const cells = Array.from({ length: COLUMNS }, (_, at) => wideCell(random, at));
      if (row % 100 === 0) cells[1] = 'many';
      yield `${cells.join(',')}\n`;
    }
  },
};

const copies: Shape = {
  dataset: defineDataset({
    name: 'copies',
    doc: 'One row over and over.',
    fields: { id: text({ required: true }), amount: double(), at: timestamp() },
  }),
  what: '3,000,000 rows, of which 99 in 100 are one and the same',
  *lines() {
    yield 'id,amount,at\n';
    for (let row = 0; row < 30_000; row += 1) {
      yield `${`the same,1.5,2026-01-02 03:04:05\n`.repeat(99)}other ${row},${row},2026-01-02 03:04:05\n`;
    }
  },
};

export const SHAPES = { texts, wide, copies } as const;
export type ShapeName = keyof typeof SHAPES;

export const writeShape = (name: ShapeName, path: string): Promise<void> =>
  pipeline(Readable.from(SHAPES[name].lines()), createWriteStream(path));
