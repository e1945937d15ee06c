import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import type { Dataset } from '@sluice/record-schema';
import type { Value } from '../outcome.ts';
import { HASH_BYTES } from './row-hash.ts';

/** A letter for what became of a row. Duplicates are found later, when all parts are there. */
export const FATE = { accepted: 'a', filtered: 'f', quarantined: 'q' } as const;

/**
 * What became of a batch of rows. As a file: the header, a line for each accepted row, a line for each quarantined one;
 * so that whoever puts the parts together copies most lines without looking into them.
 */
export interface Part {
  readonly header: PartHeader;
  /** `[value, …]` as JSON, in the order of the dataset's columns. */
  readonly accepted: readonly string[];
  /** A line of the quarantine file without its number: `"reasons":[…],"record":{…},"raw":null}`. */
  readonly quarantined: readonly string[];
}

export interface PartHeader {
  /** Of what decided about the rows; see `originOf`. */
  readonly origin: string;
  /** The place of the first row among those that the reader gave, from 0. */
  readonly first: number;
  readonly rows: number;
  /** Why the batch was not processed; null if it was. */
  readonly error: string | null;
  /** One letter a row. */
  readonly fates: string;
  /** Of each filtered row the rule, by its place among the dataset's. */
  readonly rules: readonly number[];
  /** Figures for the quality profile: the different `RowMarks` there are, and for each row which of them it has. */
  readonly marks: { readonly kinds: readonly (readonly number[])[]; readonly of: readonly number[] };
  /** `HASH_BYTES` a row, in base64. */
  readonly hashes: string;
}

const VERSION = 1;

/** Changes with whatever could change the fate of a row: parts of different origin do not belong together. */
export const originOf = (dataset: Dataset, asOf: string): string =>
  createHash('sha256')
    .update(JSON.stringify([VERSION, asOf, dataset]))
    .digest('hex')
    .slice(0, 32);

const lines = (of: readonly string[]): string => of.map((line) => `${line}\n`).join('');

export const encodePart = ({ header, accepted, quarantined }: Part): Buffer => {
  const rows = lines(accepted);
  const first = JSON.stringify({ ...header, acceptedBytes: Buffer.byteLength(rows) });
  return Buffer.from(`${first}\n${rows}${lines(quarantined)}`, 'utf8');
};

/** The file is not what a batch leaves. */
export class BrokenPart extends Error {
  override readonly name = 'BrokenPart';
}

/** A part as it was read: its lines, each with its end, are not looked into. */
export interface StoredPart {
  readonly header: PartHeader;
  readonly accepted: Buffer;
  readonly quarantined: Buffer;
}

const LF = 10;

const count = (fates: string, letter: string): number => fates.split(letter).length - 1;

/** How many rows have which fate, before duplicates are looked for. */
export const fatesOf = ({ fates }: PartHeader) => ({
  accepted: count(fates, FATE.accepted),
  filtered: count(fates, FATE.filtered),
  quarantined: count(fates, FATE.quarantined),
});

/** Whether it is so many lines, each with its end. */
const hasLines = (bytes: Buffer, expected: number): boolean => {
  let end = -1;
  for (let line = 0; line < expected; line += 1) {
    end = bytes.indexOf(LF, end + 1);
    if (end < 0) return false;
  }
  return end + 1 === bytes.length;
};

type StoredHeader = PartHeader & { readonly acceptedBytes: number };

/** Whether its lists are as long as it says. */
const isWhole = (header: StoredHeader): boolean => {
  const { rows, fates, rules, marks, hashes } = header;
  const { accepted, filtered, quarantined } = fatesOf(header);
  return (
    fates.length === rows &&
    accepted + filtered + quarantined === rows &&
    rules.length === filtered &&
    marks.of.length === rows &&
    Buffer.byteLength(hashes, 'base64') === rows * HASH_BYTES
  );
};

/** @throws {BrokenPart} Its message has nothing of what was read. */
export const decodePart = (bytes: Buffer): StoredPart => {
  const end = bytes.indexOf(LF);
  let header: StoredHeader;
  let isHeaderWhole: boolean;
  try {
    header = JSON.parse(bytes.toString('utf8', 0, end)); // checked below
    isHeaderWhole = isWhole(header);
  } catch {
    throw new BrokenPart('a part of the Map Run has no header');
  }
  const body = bytes.subarray(end + 1);
  const [accepted, quarantined] = [
    body.subarray(0, header.acceptedBytes),
    body.subarray(header.acceptedBytes),
  ];
  const fates = fatesOf(header);
  if (!isHeaderWhole || !hasLines(accepted, fates.accepted) || !hasLines(quarantined, fates.quarantined))
    throw new BrokenPart(`the part of item ${Number(header.first)} is not whole`);
  return { header, accepted, quarantined };
};

/** The values of the accepted rows, for sinks other than the lake. */
export const publishedValues = ({ accepted }: StoredPart): (readonly Value[])[] =>
  accepted.length === 0 ? [] : JSON.parse(`[${accepted.toString('utf8').trimEnd().replaceAll('\n', ',')}]`); // lines of our own
