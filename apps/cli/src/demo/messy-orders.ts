import { seeded } from './seeded.ts';

/** The moment as of which the demo runs; its orders are from the 400 days before. */
export const DEMO_AS_OF = '2025-06-30T00:00:00.000Z';
const SEED = 20_250_630;
const DAY_MS = 86_400_000;

const FIRST = [
  'Ada',
  'Grace',
  'Alan',
  'Edsger',
  'Barbara',
  'Donald',
  'Søren',
  'Zoë',
  'José',
  'Łukasz',
  '美咲',
  'Анна',
  'Nguyễn',
];
const LAST = [
  'Lovelace',
  'Hopper',
  "O'Neil",
  'Müller',
  'García',
  'Åberg',
  '高橋',
  'Иванова',
  'Liskov',
  'Knuth',
  'Şahin',
];
const QUOTED = ['"Smith, ""Bob"" J."', '"Acme, Inc."', '"line one\nline two"', '"Ümlaut; & Sons, Ltd."'];
const STATUS = [
  'ACTIVE',
  'ACTIVE',
  'ACTIVE',
  'ACTIVE',
  'PENDING',
  'PENDING',
  'CANCELLED',
  'SHIPPED',
  'active',
];
const BAD_NUMBERS = ['12,50', '1e400', 'abc', '0x1F', '--5', '1 000', 'NaN', '€ 12'];
const BAD_DATES = [
  '2024-02-30 10:00:00',
  '2024-13-01 00:00:00',
  '01/02/2024',
  'yesterday',
  '2024-6-1 1:2:3',
  '2024-05-01 24:00:00',
];
const CHANNELS = ['web', 'shop', 'phone', ''];
const NBSP = '\u00a0';

const HEADER = 'id,name,email,amount,quantity,price,status,created_date,region_code,sales_channel';

type Random = () => number;

const pick = <T>(random: Random, from: readonly T[]): T => {
  const one = from[Math.floor(random() * from.length)];
  if (one === undefined) throw new Error('nothing to pick from');
  return one;
};

/** A column as shops send it: mostly right, sometimes blank, sometimes wrong. */
const cell = (
  random: Random,
  right: () => string,
  blank: number,
  wrong: number,
  bad: readonly string[],
): string => {
  const chance = random();
  if (chance < blank) return pick(random, ['', '', ' ', NBSP]);
  return chance < blank + wrong ? pick(random, bad) : right();
};

const moment = (random: Random): string => {
  const at = new Date(Date.parse(DEMO_AS_OF) - Math.floor(random() * 400 * DAY_MS));
  return at.toISOString().slice(0, 19).replace('T', ' ');
};

const person = (random: Random): { name: string; email: string } => {
  const [first, last] = [pick(random, FIRST), pick(random, LAST)];
  const chance = random();
  const plain = `${first} ${last}`;
  const name =
    chance < 0.04 ? '' : chance < 0.08 ? pick(random, QUOTED) : chance < 0.14 ? `${NBSP} ${plain}  ` : plain;
  const local = `${first}.${last}`.toLowerCase().replace(/[^a-z.]/g, '') || 'x';
  const email = random() < 0.03 ? local : `${local}${Math.floor(random() * 1000)}@example.com`;
  return { name, email: random() < 0.05 ? '' : email };
};

const orderRow = (random: Random, number: number): string => {
  const { name, email } = person(random);
  const quantity = 1 + Math.floor(random() * 20);
  // Most orders are small, a few are very large.
  const price = Math.round(10 ** (1 + random() * 3) * 100) / 100;
  return [
    random() < 0.004 ? '' : `ORD-${String(number).padStart(6, '0')}`,
    name,
    email,
    cell(random, () => (quantity * price).toFixed(2), 0.03, 0.012, BAD_NUMBERS),
    cell(random, () => String(quantity), 0.02, 0.006, BAD_NUMBERS),
    cell(random, () => ` ${price.toFixed(2)}`, 0.02, 0.006, BAD_NUMBERS),
    cell(random, () => pick(random, STATUS), 0.01, 0, []),
    cell(random, () => moment(random), 0.005, 0.01, BAD_DATES),
    cell(random, () => `0${1 + Math.floor(random() * 4)}`, 0.02, 0.01, ['99', '5']),
    pick(random, CHANNELS),
  ].join(',');
};

/** Rows that no reader can make sense of: too short, too long, a broken quote. */
const malformedRow = (random: Random, number: number): string =>
  pick(random, [
    `ORD-${number},Too,short`,
    `ORD-${number},Too long,a@example.com,1,1,1,ACTIVE,2025-06-01 00:00:00,01,web,and,more`,
    `ORD-${number},A "broken quote,a@example.com,1,1,1,ACTIVE,2025-06-01 00:00:00,01,web`,
  ]);

const ROWS_PER_CHUNK = 2000;

/**
 * About as messy as real files are, and the same bytes every time: blanks, no-break spaces, numbers and dates that are
 * none, duplicates, malformed rows, quoted line breaks, letters from many alphabets, and a column that the dataset does
 * not declare.
 */
export function* messyOrders(rows: number): Generator<Uint8Array> {
  const random = seeded(SEED);
  let lines = [HEADER];
  let earlier = '';
  for (let number = 1; number <= rows; number += 1) {
    const chance = random();
    if (chance < 0.003) lines.push(malformedRow(random, number));
    else if (chance < 0.025 && earlier !== '') lines.push(earlier);
    else {
      const row = orderRow(random, number);
      lines.push(row);
      if (random() < 0.05) earlier = row;
    }
    if (lines.length >= ROWS_PER_CHUNK || number === rows) {
      yield Buffer.from(`${lines.join('\n')}\n`);
      lines = [];
    }
  }
}

/** A shop has renamed a required column: the object is not valid. */
export function* ordersWithoutId(): Generator<Uint8Array> {
  const random = seeded(SEED + 1);
  const lines = [HEADER.replace('id,', 'ID,')];
  for (let number = 1; number <= 200; number += 1) lines.push(orderRow(random, number));
  yield Buffer.from(`${lines.join('\n')}\n`);
}

/** An export that lost most of its cells and sent every other row twice: below the threshold. */
export function* hollowOrders(): Generator<Uint8Array> {
  const random = seeded(SEED + 2);
  const lines = [HEADER];
  for (let number = 1; number <= 1000; number += 1) {
    const cells = orderRow(random, number)
      .replace(/"[^"]*("[^"]*"[^"]*)*"/, '')
      .split(',')
      .map((one, at) => (at > 0 && random() < 0.4 ? '' : one));
    lines.push(cells.join(','));
    if (number % 4 === 0) lines.push(lines.at(-1) ?? '');
  }
  yield Buffer.from(`${lines.join('\n')}\n`);
}
