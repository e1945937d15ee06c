import { gzipSync } from 'node:zlib';
import { chanceOf } from '../crash-rounds/chance.ts';

/** Of the numbered records: those with an amount that is none, which their run sets aside. */
const BAD_AMOUNTS = 0.02;

const idOf = (number: number): string => `n-${String(number).padStart(8, '0')}`;

/** The number of an order's id; null for anything else. */
export const numberOf = (id: unknown): number | null => {
  const [, digits] = /^n-(\d{8})$/.exec(String(id)) ?? [];
  return digits === undefined ? null : Number(digits);
};

export const isBad = (seed: number, number: number): boolean =>
  chanceOf(seed, 'amount', number) < BAD_AMOUNTS;

/** An order that no rule filters, as a line of JSON. */
export const orderLine = (seed: number, number: number, createdDate: string): string =>
  JSON.stringify({
    id: idOf(number),
    name: `Customer ${number}`,
    email: `customer${number}@example.com`,
    amount: isBad(seed, number) ? 'much' : (number % 20_000) + 0.5,
    quantity: (number % 9) + 1,
    price: 9.75,
    status: number % 3 === 0 ? 'PENDING' : 'ACTIVE',
    created_date: createdDate,
    region_code: `0${(number % 4) + 1}`,
  });

/** Records that can never be rows, each of them unlike any other. */
export const poisonOf = (number: number): Uint8Array => {
  const id = idOf(number);
  const kinds: readonly (() => Uint8Array)[] = [
    () => Buffer.from(`{"_dataset":"orders","id":"${id}"`),
    () => Buffer.from(`["orders","${id}"]`),
    () =>
      Buffer.concat([
        Buffer.from(`{"_dataset":"orders","id":"${id} `),
        Buffer.from([0xff, 0xfe, 0x22, 0x7d]),
      ]),
    () => Buffer.from(`{"_dataset":"no_such_dataset","id":"${id}"}`),
    () => Buffer.from(`{"id":"${id}"}`),
    () => Buffer.from(`{"_dataset":"orders","id":{"number":"${id}"}}`),
    () => gzipSync(`{"_dataset":"orders","id":"${id}","name":"cut"}`).subarray(0, -9),
    () => Buffer.from(`{"_dataset":"orders","id":"${id}\\ud800"}`),
  ];
  return kinds[number % kinds.length]?.() ?? Buffer.alloc(0);
};
