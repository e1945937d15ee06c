import { Buffer } from 'node:buffer';
import type { Dataset, SourceFormat } from '@sluice/record-schema';
import { RefusedObject } from '../outcome.ts';

const EXTENSIONS: Readonly<Record<string, SourceFormat>> = {
  csv: 'csv',
  txt: 'csv',
  json: 'json',
  jsonl: 'json',
  ndjson: 'json',
  parquet: 'parquet',
};

const wrong = (message: string): RefusedObject => new RefusedObject('wrong_format', message);

const formatIn = (key: string): SourceFormat | undefined => {
  const extension = /\.([a-z]+)(?:\.gz)?$/.exec(key.toLowerCase())?.[1] ?? '';
  return Object.hasOwn(EXTENSIONS, extension) ? EXTENSIONS[extension] : undefined;
};

/** Whether an object's key promises CSV, not gzipped, and the dataset takes it. */
export const isPlainCsv = ({ source }: Dataset, key: string): boolean =>
  formatIn(key) === 'csv' && source.formats.includes('csv') && !key.toLowerCase().endsWith('.gz');

/**
 * The format that an object's key promises, by its extension (`.gz` behind it or not, in any case).
 *
 * @throws {RefusedObject} `wrong_format`: no known extension, or a format that the dataset does not take
 */
export const formatOfKey = (dataset: Dataset, key: string): SourceFormat => {
  const format = formatIn(key);
  const taken = dataset.source.formats;
  if (!format) {
    const known = Object.keys(EXTENSIONS).map((one) => `.${one}`);
    throw wrong(`the name ${JSON.stringify(key)} ends in none of ${known.join(', ')} (each also with .gz)`);
  }
  if (!taken.includes(format))
    throw wrong(
      `the dataset ${dataset.name} takes ${taken.join(', ')}, and ${JSON.stringify(key)} is ${format}`,
    );
  return format;
};

/** How many of an object's first bytes (decompressed) `checkContent` wants; fewer only if the object is shorter. */
export const HEAD_BYTES = 512;

const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');
/** What people send by mistake; from the formats' own specifications. */
const SIGNATURES: readonly (readonly [magic: Buffer, what: string])[] = [
  [latin1('PAR1'), 'Parquet'],
  [latin1('PK\x03\x04'), 'a ZIP archive or an Excel workbook'],
  [latin1('\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1'), 'an old Excel or Word file'],
  [latin1('\x1f\x8b'), 'gzipped twice'],
  [latin1('%PDF-'), 'a PDF'],
  [latin1('\x89PNG\r\n\x1a\n'), 'a PNG image'],
  [latin1('\xff\xd8\xff'), 'a JPEG image'],
  [latin1('\x28\xb5\x2f\xfd'), 'compressed with Zstandard'],
  [latin1('\xfd7zXZ\x00'), 'compressed with xz'],
  [latin1('7z\xbc\xaf\x27\x1c'), 'a 7-Zip archive'],
  [latin1('Obj\x01'), 'Avro'],
  [latin1('\xff\xfe'), 'text in UTF-16 (save it as UTF-8)'],
  [latin1('\xfe\xff'), 'text in UTF-16 (save it as UTF-8)'],
];

/** Control characters but for tab, LF and CR. A few are data; a third of the first bytes is no text. */
const looksBinary = (head: Uint8Array): boolean => {
  let controls = 0;
  for (const byte of head) {
    if (byte < 32 && byte !== 9 && byte !== 10 && byte !== 13) controls += 1;
  }
  return controls >= 32 && controls * 3 > head.length;
};

/**
 * Checks an object's first bytes, decompressed, against its format.
 *
 * @throws {RefusedObject} `wrong_format`; `empty_object` if there are no bytes at all
 */
export const checkContent = (format: SourceFormat, head: Uint8Array): void => {
  if (head.length === 0) throw new RefusedObject('empty_object', 'the object is empty');
  const start = Buffer.from(head.buffer, head.byteOffset, head.length);
  const found = SIGNATURES.find(([magic]) => start.subarray(0, magic.length).equals(magic))?.[1];
  if (format === 'parquet') {
    if (found === 'Parquet') return;
    throw wrong(`the object is named as Parquet, but its content is ${found ?? 'not'}`);
  }
  const what = found ?? (looksBinary(head.subarray(0, HEAD_BYTES)) ? 'binary' : null);
  if (what)
    throw wrong(`the object is named as ${format === 'csv' ? 'CSV' : 'JSON'}, but its content is ${what}`);
};
