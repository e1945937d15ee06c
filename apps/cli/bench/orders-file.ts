import { Buffer } from 'node:buffer';
import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { seeded } from '../src/demo/seeded.ts';

/** The moment as of which the benchmarks run; their orders are from the 450 days before. */
export const AS_OF = '2026-06-15T00:00:00.000Z';

const SEED = 20_260_615;
const SECONDS = 450 * 86_400;
const ROWS_PER_CHUNK = 5000;
/** Duplicates repeat one of so many rows from anywhere earlier in the file. */
const REMEMBERED_ROWS = 4096;

const HEADER = 'id,name,email,amount,quantity,price,status,created_date,region_code\n';
const PLAIN = [
  'Ada Lovelace',
  'Grace Hopper',
  "Conan O'Brien",
  'Mary Ann Evans',
  'Edsger Dijkstra',
  'Barbara Liskov',
];
const UNICODE = ['Søren Åberg', 'José García', 'Łukasz Żak', '高橋 美咲', 'Анна Иванова', 'Nguyễn Văn An'];
const LOWER = ['alan turing', 'zoë müller', 'анна петрова'];
const QUOTED = ['"Smith, ""Bob"" J."', '"Acme, Inc."', '"Ümlaut; & Sons, Ltd."'];
const PADDED = ['  Donald Knuth ', '\u00a0Frances Allen', 'Ken Thompson\u3000'];
const BLANK = ['', '', ' ', '\u00a0'];
const STATUS = ['ACTIVE', 'ACTIVE', 'PENDING', 'CANCELLED', 'CANCELLED', 'ACTIVE'];
const BAD_NUMBERS = ['"12,50"', '1e400', 'abc', '0x1F', '--5', '1_000', 'NaN', '€ 12'];
const BAD_DATES = [
  '2026-02-30 10:00:00',
  '2025-13-01 00:00:00',
  '01/02/2026',
  'yesterday',
  '2026-6-1 1:2:3',
  '2026-05-01 24:00:00',
];

const rowsOf = (random: () => number) => {
  const below = (limit: number): number => Math.floor(random() * limit);
  const pick = (from: readonly string[]): string => from[below(from.length)] ?? '';
  const two = (value: number): string => (value < 10 ? `0${value}` : String(value));

  const name = (): string => {
    const chance = random();
    if (chance < 0.6) return pick(PLAIN);
    if (chance < 0.8) return pick(UNICODE);
    if (chance < 0.87) return pick(LOWER);
    if (chance < 0.93) return pick(QUOTED);
    return chance < 0.96 ? pick(PADDED) : pick(BLANK);
  };

  const email = (number: number): string => {
    const chance = random();
    if (chance < 0.05) return '';
    if (chance < 0.06) return 'unknown';
    return chance < 0.08 ? `${pick(['a', 'bo'])}@example.com` : `customer${number}@example.com`;
  };

  /** One cell in 600 is no number, one in 100 has blanks around it, three in 100 are blank. */
  const numeric = (right: string): string => {
    const chance = random();
    if (chance > 0.05) return right;
    if (chance < 1 / 600) return pick(BAD_NUMBERS);
    if (chance < 0.0117) return `${pick([' ', '\u00a0'])}${right}${pick(['', ' '])}`;
    return chance < 0.0417 ? pick(BLANK) : `${right}e0`;
  };

  const moment = (): string => {
    const chance = random();
    if (chance < 0.01) return pick(BAD_DATES);
    if (chance < 0.015) return '';
    const at = new Date(Date.parse(AS_OF) - below(SECONDS) * 1000);
    const day = `${at.getUTCFullYear()}-${two(at.getUTCMonth() + 1)}-${two(at.getUTCDate())}`;
    return `${day} ${two(at.getUTCHours())}:${two(at.getUTCMinutes())}:${two(at.getUTCSeconds())}`;
  };

  const order = (number: number): string => {
    const id = random() < 0.002 ? pick(BLANK) : `ORD-${String(number).padStart(9, '0')}`;
    const quantity = 1 + below(20);
    // Most orders are small, a few are very large.
    const price = (10 ** (1 + random() * 3)).toFixed(2);
    const amount = numeric((quantity * Number(price)).toFixed(2));
    const status = random() < 0.01 ? '' : pick(STATUS);
    const region = random() < 0.02 ? '' : `0${1 + below(5)}`;
    return `${id},${name()},${email(number)},${amount},${numeric(String(quantity))},${numeric(price)},${status},${moment()},${region}\n`;
  };

  /** Too short or too long. */
  const malformed = (number: number): string =>
    below(2) === 0
      ? `ORD-${number},Too short,a@example.com\n`
      : `ORD-${number},"Too, long",a@example.com,1,1,1,ACTIVE,2026-06-01 00:00:00,01,and,more\n`;

  return { below, order, malformed };
};

/** About so many bytes of CSV in chunks, the same ones every time. */
function* messyOrders(bytes: number): Generator<Buffer> {
  const random = seeded(SEED);
  const { below, order, malformed } = rowsOf(random);
  const earlier: string[] = [];
  yield Buffer.from(HEADER);
  for (let number = 1, written = 0; written < bytes; ) {
    let lines = '';
    for (let row = 0; row < ROWS_PER_CHUNK; row += 1, number += 1) {
      const chance = random();
      if (chance < 0.0001) lines += malformed(number);
      else if (chance < 0.03 && earlier.length > 0) lines += earlier[below(earlier.length)] ?? '';
      else {
        const line = order(number);
        lines += line;
        if (earlier.length < REMEMBERED_ROWS) earlier.push(line);
        else if (chance < 0.05) earlier[below(REMEMBERED_ROWS)] = line;
      }
    }
    const chunk = Buffer.from(lines);
    written += chunk.length;
    yield chunk;
  }
}

/**
 * Writes about so many bytes of orders as messy as real files are: in 1,000 rows 30 exact duplicates, 10 bad dates,
 * 5 bad numbers, and one in 10,000 too short or too long; nulls and blanks, quoted names, letters from many alphabets,
 * a third of it cancelled, a fifth of it older than a year.
 */
export const writeOrders = (path: string, bytes: number): Promise<void> =>
  pipeline(Readable.from(messyOrders(bytes)), createWriteStream(path));
