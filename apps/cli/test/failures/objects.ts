import { gzipSync } from 'node:zlib';
import { HEADER } from '../orders.ts';
import type { Failure } from './failure.ts';

/** An object that csv-map does not take, and what Step Functions' own reader says of it. */
export interface BadObject extends Failure {
  /** What the object is called. */
  readonly name: string;
  readonly content: string | Uint8Array;
  /** The error with its cause, or the number of items: what the reader says to whoever lets it read the object. */
  readonly reader: string;
}

const order = (id: string): string => `${id},ann,a@example.com,1,2,10,ACTIVE,2025-06-01 10:00:00,01`;
const orders = (...rows: readonly string[]): string => `${[HEADER, ...rows].join('\n')}\n`;
const two = orders(order('A1'), order('A2'));

const READER = 'States.ItemReaderFailed';
const seen = (cause: string): string => `\`${READER}\`: \`${cause}\``;

const refused = { exitCode: 3, rows: 'refused', type: 'corrected' } as const;
const malformed = { exitCode: 0, rows: 'malformed', type: 'nothing' } as const;
const failed = { exitCode: 1, rows: 'raw' } as const;

/** Nothing of these is retried: the next try would read the same bytes. */
export const badObjects: readonly BadObject[] = [
  {
    what: 'The file is empty',
    name: 'empty.csv',
    content: '',
    sees: '`empty_object`: `it has no bytes`',
    reader: `${READER}: The CSV file has no header: it is empty.`,
    ...refused,
  },
  {
    what: 'It has a header and no row',
    name: 'header.csv',
    content: orders(),
    sees: '`quality_below_threshold`: `score 0`',
    reader: '0 items',
    ...refused,
    exitCode: 4,
  },
  {
    what: 'It has no header',
    name: 'no-header.csv',
    content: `${order('A1')}\n${order('A2')}\n`,
    sees: '`missing_column`: `the object has no column "id"`',
    reader: '1 items',
    ...refused,
  },
  {
    what: 'Its delimiter is not the dataset’s',
    name: 'semicolons.csv',
    content: two.replaceAll(',', ';'),
    sees: '`missing_column`: `the object has no column "id"`',
    reader: '2 items',
    ...refused,
  },
  {
    what: 'A declared column is there twice',
    name: 'twice.csv',
    content: two.replace(HEADER, `${HEADER},name`),
    sees: '`duplicate_column`: `the object has the column "name" twice`',
    reader: `${READER}: CSV headers cannot contain duplicates.`,
    ...refused,
  },
  {
    what: 'Another column is there twice',
    name: 'notes-twice.csv',
    content: orders(`${order('A1')},x,y`).replace(HEADER, `${HEADER},note,note`),
    sees: seen('CSV headers cannot contain duplicates.'),
    reader: `${READER}: CSV headers cannot contain duplicates.`,
    ...failed,
    type: 'etl',
  },
  {
    what: 'The header is longer than 10 KiB',
    name: 'long-header.csv',
    content: orders(`${order('A1')},x`).replace(HEADER, `${HEADER},${'n'.repeat(10_240)}`),
    sees: seen('The CSV header has 10308 bytes, which is more than the maximum of 10240.'),
    reader: `${READER}: The CSV header has 10308 bytes, which is more than the maximum of 10240.`,
    ...failed,
    type: 'etl',
  },
  {
    what: 'A row is larger than 256 KiB',
    name: 'long-row.csv',
    content: orders(order('A1'), order('A2').replace('ann', 'n'.repeat(300 * 1024))),
    sees: seen('The item at index 1 is larger than 262144 bytes.'),
    reader: `${READER}: The item at index 1 is larger than 262144 bytes.`,
    ...failed,
    type: 'etl',
  },
  {
    what: 'A quote is never closed',
    name: 'open-quote.csv',
    content: orders(order('A1'), order('A2'), order('A3').replace('ann', '"ann'), order('A4')),
    sees: seen(`Parse Error: missing closing: '"'`),
    reader: `${READER}: Parse Error: missing closing: '"'`,
    ...failed,
    type: 'corrected',
  },
  {
    what: 'There is text behind a closing quote',
    name: 'text-behind-quote.csv',
    content: orders(order('A1'), order('A2'), order('A3').replace('ann', '"ann"a'), order('A4')),
    sees: seen("Parse Error: expected: ',' OR new line"),
    reader: `${READER}: Parse Error: expected: ',' OR new line`,
    ...failed,
    type: 'etl',
  },
  {
    what: 'A cell has a backslash, which Step Functions takes for an escape',
    name: 'backslash.csv',
    content: orders(order('A1'), order('A2').replace('ann', 'C:\\ann')),
    sees: 'nothing: its row is judged anew, as it is in the object',
    reader: '2 items',
    exitCode: 0,
    rows: 'published',
    type: 'nothing',
  },
  {
    what: 'A backslash before a quote makes Step Functions take two lines for one',
    name: 'backslash-quote.csv',
    content: orders(
      ...Array.from({ length: 30 }, (_, at) => order(`B${at}`)),
      order('A1').replace('ann', '"ann\\"'),
      order('A2').replace('ann', 'ann"'),
    ),
    sees: '`ReaderDisagreement`: `The object has 32 rows, the batches of the Map Run have 31`',
    reader: '31 items',
    ...failed,
    type: 'etl',
  },
  {
    what: 'It is UTF-16',
    name: 'utf16.csv',
    content: Buffer.from(two, 'utf16le'),
    sees: '`wrong_format`: `its content is binary`',
    reader: '3 items',
    ...refused,
  },
  {
    what: 'It is gzipped',
    name: 'orders.CSV.GZ',
    content: gzipSync(two),
    sees: '`NotForCsvMap`: `is not plain CSV`',
    reader: '3 items',
    ...failed,
    type: 'etl',
  },
  {
    what: 'It is gzipped, and its name does not say so',
    name: 'gzipped.csv',
    content: gzipSync(two),
    sees: '`NotForCsvMap`: `is not plain CSV`',
    reader: '3 items',
    ...failed,
    type: 'etl',
  },
  {
    what: 'It is JSON, or Parquet',
    name: 'orders.jsonl',
    content: `${JSON.stringify(Object.fromEntries(HEADER.split(',').map((name, at) => [name, order('A1').split(',')[at]])))}\n`,
    sees: '`NotForCsvMap`: `is not plain CSV`',
    reader: `${READER}: Parse Error: expected: ',' OR new line`,
    ...failed,
    type: 'etl',
  },
  {
    what: 'Rows are too short or too long',
    name: 'uneven.csv',
    content: orders(...Array.from({ length: 30 }, (_, at) => order(`B${at}`)), 'A1,ann', `${order('A2')},x`),
    sees: '`wrong_field_count` in the counts',
    reader: '32 items',
    ...malformed,
  },
  {
    what: 'A row is not UTF-8',
    name: 'latin1.csv',
    content: Buffer.from(
      orders(...Array.from({ length: 30 }, (_, at) => order(`B${at}`)), order('A1').replace('ann', 'zoë')),
      'latin1',
    ),
    sees: '`invalid_utf8` in the counts',
    reader: '31 items',
    ...malformed,
  },
  {
    what: 'There is a quote inside an unquoted cell',
    name: 'quote-inside.csv',
    content: orders(
      ...Array.from({ length: 30 }, (_, at) => order(`B${at}`)),
      order('A1').replace('ann', 'a"n'),
    ),
    sees: '`malformed_quote` in the counts',
    reader: '31 items',
    ...malformed,
  },
  {
    what: 'Cells have NUL bytes',
    name: 'nul.csv',
    content: orders(...Array.from({ length: 30 }, (_, at) => order(`B${at}`).replace('ann', 'a\0nn'))),
    sees: 'nothing: NUL is data',
    reader: '30 items',
    exitCode: 0,
    rows: 'published',
    type: 'nothing',
  },
];
