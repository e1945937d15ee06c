import { gzipSync } from 'node:zlib';
import {
  type Dataset,
  defineDataset,
  length,
  lower,
  matches,
  text,
  trim,
  upper,
} from '@sluice/record-schema';
import {
  arbitraryDataset,
  arbitraryRows,
  renderCsv,
  renderJson,
  withSerial,
} from '@sluice/record-transform/conformance';
import fc from 'fast-check';
import type { TestObject } from './spark-engine.ts';

type Rows = readonly (readonly (string | null)[])[];

/** An object of a made-up dataset. `definition` and `rows` are for whoever has to find out why engines differ. */
export interface GeneratedObject {
  readonly label: string;
  readonly dataset: Dataset;
  readonly object: TestObject;
  readonly rows: Rows;
  readonly definition: string;
}

const noNulls = (rows: Rows): Rows => rows.map((row) => row.map((cell) => cell ?? ''));

/** In turn: CSV, JSON lines with nulls, CSV gzipped with its columns reversed and all quoted, a JSON array gzipped. */
const renderings: readonly ((dataset: Dataset, rows: Rows) => { rows: Rows; object: TestObject })[] = [
  (dataset, rows) => ({
    rows: noNulls(rows),
    object: { key: 'in.csv', bytes: renderCsv(dataset, noNulls(rows), 'plain') },
  }),
  (dataset, rows) => ({ rows, object: { key: 'in.jsonl', bytes: renderJson(dataset, rows, 'lines') } }),
  (dataset, rows) => ({
    rows: noNulls(rows),
    object: { key: 'in.csv.gz', bytes: gzipSync(renderCsv(dataset, noNulls(rows), 'quoted')) },
  }),
  (dataset, rows) => ({
    rows,
    object: { key: 'in.json.gz', bytes: gzipSync(renderJson(dataset, rows, 'array')) },
  }),
];

const COPY_EVERY = 17;

/** Rows with a number of their own each; now and then one is a copy of one before it. */
const numbered = (rows: Rows): Rows => {
  const all: (readonly (string | null)[])[] = [];
  for (const [at, row] of rows.entries()) {
    const earlier = at % COPY_EVERY === COPY_EVERY - 1 ? all[Math.floor(at / 2)] : undefined;
    all.push(earlier ?? [...row, String(at + 1)]);
  }
  return all;
};

/**
 * So many objects of so many rows. In every second one the rows have serial numbers, so that an accepted row's values tell
 * which row it was; in the others they have not, and many are copies of each other.
 */
export const generatedObjects = (count: number, rowsEach: number, seed: number): readonly GeneratedObject[] =>
  fc
    .sample(
      arbitraryDataset.chain((generated) =>
        fc.record({
          generated: fc.constant(generated),
          rows: arbitraryRows(Object.values(generated.fields), rowsEach),
        }),
      ),
      { numRuns: count, seed },
    )
    .map(({ generated: made, rows: cells }, at) => {
      // In turn within a round of renderings, and the other way round in the next: each comes with and without.
      const hasSerials = (at + Math.floor(at / renderings.length)) % 2 === 0;
      const generated = hasSerials ? withSerial(made) : made;
      const render = renderings[at % renderings.length];
      if (!render) throw new Error('there is a rendering for each remainder');
      const { dataset, fields, derived, rules } = generated;
      const { rows, object } = render(dataset, hasSerials ? numbered(cells) : cells);
      const label = `dataset ${at + 1} of seed ${seed}, ${object.key}${hasSerials ? ', numbered' : ''}`;
      return { label, dataset, object, rows, definition: JSON.stringify({ fields, derived, rules }) };
    });

const PER_ROW = 2048;
/** Of the two planes that have letters; surrogates are no characters. */
const CODE_POINTS = Array.from({ length: 0x20000 }, (_, at) => at).filter((at) => at < 0xd800 || at > 0xdfff);

/** Every character, through whatever looks at characters. */
export const allCharacters = (): GeneratedObject => {
  const dataset = defineDataset({
    name: 'generated',
    fields: { row: text(), one: text({ upper: true }), many: text() },
    derived: ({ col }) => ({
      uppers: upper(col('many')),
      lowers: lower(col('many')),
      trimmed: trim(col('one')),
      points: length(col('many')),
      is_word: matches(col('one'), '^\\w$'),
      is_digit: matches(col('one'), '^\\d$'),
      is_one: matches(col('one'), '^.$'),
    }),
  });
  const characters = CODE_POINTS.map((point) => String.fromCodePoint(point));
  const rows = Array.from({ length: Math.ceil(characters.length / PER_ROW) }, (_, at) => {
    const many = characters.slice(at * PER_ROW, (at + 1) * PER_ROW);
    return [String(at), many[0] ?? '', many.join('')];
  });
  // Those that other programs take for blanks, line ends, digits or signs.
  const odd = [
    ...'\u0000\t\n\u000b\f\r\u001c\u0085\u00a0\u180e\u2000\u2028\u2029\u202f\u205f\u3000\ufeff\ufffe\uffff٣１²½ªŉßſKÅ',
  ];
  const all = [...rows, ...odd.map((one, at) => [`odd ${at}`, one, `${one}a${one}`])];
  return {
    label: 'every character of the first two planes',
    dataset,
    object: { key: 'in.jsonl', bytes: renderJson(dataset, all, 'lines') },
    rows: all,
    definition: 'all characters',
  };
};
