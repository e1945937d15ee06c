import { gzipSync } from 'node:zlib';
import type { Dataset } from '@sluice/record-schema';
import type { Gzip, Input } from './vectors.ts';

/** One object that carries a vector's rows. */
export interface Rendering {
  readonly label: string;
  readonly key: string;
  readonly bytes: Uint8Array;
  /** Bytes in a chunk of the stream; null: all in one. */
  readonly chunkSize: number | null;
}

type Cells = readonly (readonly (string | null)[])[];

const quote = (cell: string): string => `"${cell.replaceAll('"', '""')}"`;

/** RFC 4180. A lone empty cell is quoted, since its row would be a blank line. */
export const renderCsv = (dataset: Dataset, rows: Cells, style: 'plain' | 'quoted'): Uint8Array => {
  const { delimiter } = dataset.source;
  const names = dataset.fields.map((field) => field.from);
  const write = (cell: string | null): string => {
    const text = cell ?? '';
    const needsQuotes = style === 'quoted' || text.includes(delimiter) || /["\r\n]/.test(text);
    return needsQuotes || (text === '' && names.length === 1) ? quote(text) : text;
  };
  const lines = [names, ...rows].map((row) => row.map(write));
  return Buffer.from(
    style === 'plain'
      ? lines.map((line) => `${line.join(delimiter)}\n`).join('')
      : lines.map((line) => line.toReversed().join(delimiter)).join('\r\n'),
  );
};

/** Numbers and booleans without quotes: a reader that keeps their text sees no difference. */
const bare = (cell: string): string =>
  /^(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false)$/.test(cell) ? cell : JSON.stringify(cell);

export const renderJson = (dataset: Dataset, rows: Cells, style: 'array' | 'lines'): Uint8Array => {
  const keys = dataset.fields.map((field) => JSON.stringify(field.from));
  const member = (cell: string | null, at: number): string[] => {
    if (style === 'array') return [`${keys[at]}: ${JSON.stringify(cell)}`];
    return cell === null ? [] : [`${keys[at]}:${bare(cell)}`];
  };
  const objects = rows.map((row) => {
    const members = row.flatMap(member);
    return `{${style === 'array' ? members.join(', ') : members.toReversed().join()}}`;
  });
  return Buffer.from(
    style === 'array' ? `[\n${objects.join(',\n')}\n]\n` : objects.map((one) => `${one}\n`).join(''),
  );
};

const renderCells = (dataset: Dataset, rows: Cells): readonly Rendering[] => {
  const json = [
    { label: 'JSON array', key: 'in.json', bytes: renderJson(dataset, rows, 'array'), chunkSize: null },
    { label: 'JSON lines', key: 'in.jsonl', bytes: renderJson(dataset, rows, 'lines'), chunkSize: null },
  ];
  // CSV has no null beside its texts.
  if (rows.flat().includes(null)) return json;
  return [
    { label: 'CSV', key: 'in.csv', bytes: renderCsv(dataset, rows, 'plain'), chunkSize: null },
    {
      label: 'CSV, quoted, columns reversed',
      key: 'in.csv',
      bytes: renderCsv(dataset, rows, 'quoted'),
      chunkSize: null,
    },
    ...json,
  ];
};

const TRAILER_BYTES = 8; // RFC 1952: CRC32 and ISIZE

const compress = (bytes: Uint8Array, how: Gzip): Uint8Array => {
  const whole = gzipSync(bytes);
  switch (how) {
    case 'one_member':
      return whole;
    case 'two_members': {
      const half = Math.floor(bytes.length / 2);
      return Buffer.concat([gzipSync(bytes.subarray(0, half)), gzipSync(bytes.subarray(half))]);
    }
    case 'cut_body':
      return whole.subarray(0, whole.length - TRAILER_BYTES - 2);
    case 'cut_trailer':
      return whole.subarray(0, whole.length - 3);
  }
};

const BORDERS = [1, 2, 3, 7];

const renderBytes = (input: Extract<Input, { kind: 'bytes' }>): readonly Rendering[] => {
  const { key, gzip, parquet } = input;
  const bytes = gzip ? compress(input.bytes, gzip) : input.bytes;
  const whole = { label: 'whole', key, bytes, chunkSize: null };
  if (parquet) return [whole];
  const zipped = { label: 'gzip', key: `${key}.gz`, bytes: gzipSync(bytes), chunkSize: null };
  return [
    whole,
    ...BORDERS.map((chunkSize) => ({ label: `chunks of ${chunkSize}`, key, bytes, chunkSize })),
    ...(gzip || key.endsWith('.gz') ? [] : [zipped]),
  ];
};

/** Every form in which a vector is put to an engine: the answer must be the same. */
export const renderingsOf = (dataset: Dataset, input: Input): readonly Rendering[] =>
  input.kind === 'cells' ? renderCells(dataset, input.rows) : renderBytes(input);
