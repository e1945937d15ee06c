/**
 * Rows in flight on one core: orders as CSV bytes in memory, read, validated, typed, derived and filtered by the
 * TypeScript engine, against fast-csv with a Zod schema and a hand-written function of the same meaning. Before
 * anything is timed, both must give the same counts and the same checksum of every accepted value.
 *
 * node packages/record-transform/bench/typescript-engine.ts [megabytes] [rounds]
 */
import { createHash } from 'node:crypto';
import { orders } from '@sluice/datasets';
import { createRowReader } from '../src/reading/row-reader.ts';
import { compileRow } from '../src/typescript/compile-row.ts';
import { transformRows } from '../src/typescript/transform-rows.ts';
import { readWithFastCsv } from './fast-csv-zod.ts';
import { AS_OF, generateOrders } from './orders.ts';

const [megabytes = 100, rounds = 3] = process.argv.slice(2).map(Number);
const bytes = generateOrders(megabytes * 1_000_000);
const chunks = Array.from({ length: Math.ceil(bytes.length / 65_536) }, (_, at) =>
  bytes.subarray(at * 65_536, (at + 1) * 65_536),
);

interface Counts {
  readonly rows: number;
  readonly accepted: number;
  readonly invalid: number;
}
type Reader = (onAccepted: (values: readonly unknown[]) => void) => Counts | Promise<Counts>;

const readWithSluice: Reader = (onAccepted) => {
  const rowFate = compileRow(orders, { asOf: AS_OF });
  let accepted = 0;
  let invalid = 0;
  const reader = createRowReader(orders, 'orders.csv', {
    row(cells) {
      const outcome = rowFate(cells);
      if (outcome.fate === 'accepted') {
        accepted += 1;
        onAccepted(outcome.values);
      } else if (outcome.fate === 'quarantined') invalid += 1;
    },
    malformed() {
      invalid += 1;
    },
  });
  for (const chunk of chunks) reader.push(chunk);
  return { rows: reader.end().rows, accepted, invalid };
};

/** All of it: with the check for duplicates, row by row through an async iterator. */
const streamWithSluice: Reader = async (onAccepted) => {
  let rows = 0;
  let accepted = 0;
  let invalid = 0;
  for await (const { outcome } of transformRows(orders, { key: 'orders.csv', chunks }, { asOf: AS_OF })) {
    rows += 1;
    if (outcome.fate === 'accepted') {
      accepted += 1;
      onAccepted(outcome.values);
    } else if (outcome.fate === 'quarantined') invalid += 1;
  }
  return { rows, accepted, invalid };
};

const readers: Readonly<Record<string, Reader>> = {
  'fast-csv + zod': (onAccepted) => readWithFastCsv(chunks, onAccepted),
  sluice: readWithSluice,
  'sluice, with duplicates, as a stream': streamWithSluice,
};

const answers = new Set<string>();
for (const [name, read] of Object.entries(readers)) {
  const checksum = createHash('sha256');
  const counts = await read((values) => checksum.update(JSON.stringify(values)));
  const answer = `${JSON.stringify(counts)} ${checksum.digest('hex').slice(0, 16)}`;
  console.log(`${name}: ${answer}`);
  answers.add(answer);
}
if (answers.size !== 1) throw new Error('the answers differ: nothing to compare');

const times = new Map<string, number[]>(Object.keys(readers).map((name) => [name, []]));
for (let round = 0; round < rounds; round += 1) {
  // In turns, and by the processor's time, so that other work on the machine does not count.
  for (const [name, read] of Object.entries(readers)) {
    let taken = 0;
    const start = process.cpuUsage();
    await read((values) => {
      taken += values.length;
    });
    const { user, system } = process.cpuUsage(start);
    times.get(name)?.push((user + system) / 1000);
    if (taken === 0) throw new Error('no row was accepted');
  }
}
const median = (of: readonly number[]): number => [...of].sort((a, b) => a - b)[of.length >> 1] ?? Number.NaN;
const base = median(times.get('fast-csv + zod') ?? []);
for (const [name, all] of times) {
  const middle = median(all);
  const speed = bytes.length / 1000 / middle;
  console.log(
    `${name}: ${middle.toFixed(0)} ms of CPU (${all.map((one) => one.toFixed(0)).join(', ')}), ${speed.toFixed(1)} MB/s, ${(base / middle).toFixed(1)}×`,
  );
}
