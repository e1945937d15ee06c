import { Readable } from 'node:stream';
import { parse } from 'fast-csv';
import { z } from 'zod';
import { AS_OF } from './orders.ts';

/** What a careful team would write without us: fast-csv, a Zod schema, and a function for the rest. */

const trimmed = (value: string): string =>
  value.replace(/^[ \t\r\n\u00a0\u3000]+|[ \t\r\n\u00a0\u3000]+$/g, '');
const nullable = z.string().transform((value) => (trimmed(value) === '' ? null : value));
const number = z
  .string()
  .transform(trimmed)
  .pipe(
    z.union([
      z.literal('').transform(() => null),
      z
        .string()
        .regex(/^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/)
        .transform(Number)
        .pipe(z.number()),
    ]),
  );
const MOMENT = /^(\d{4})-(\d{2})-(\d{2}) (\d{2}):(\d{2}):(\d{2})$/;
const moment = z.string().transform((value, context) => {
  const text = trimmed(value);
  if (text === '') return null;
  const parts = MOMENT.exec(text);
  const instant = parts ? Date.parse(`${text.replace(' ', 'T')}Z`) : Number.NaN;
  // Date.parse takes the 30th of February for a day in March.
  if (Number.isNaN(instant) || new Date(instant).toISOString().slice(0, 10) !== text.slice(0, 10)) {
    context.addIssue({ code: 'custom', message: 'not a timestamp' });
    return z.NEVER;
  }
  return instant;
});

const schema = z.object({
  id: z.string().refine((value) => trimmed(value) !== ''),
  name: z.string().transform((value) => trimmed(value).toUpperCase() || 'UNKNOWN'),
  email: nullable,
  amount: number,
  quantity: number,
  price: number,
  status: nullable,
  created_date: moment,
  region_code: nullable,
});
type Order = z.output<typeof schema>;

const REGIONS = new Map([
  ['01', 'North'],
  ['02', 'South'],
  ['03', 'East'],
  ['04', 'West'],
]);
const SINCE = AS_OF - 365 * 86_400_000;

const mask = (email: string): string => {
  const at = email.lastIndexOf('@');
  if (at < 0) return '***';
  const local = [...email.slice(0, at)];
  return `${local.length > 2 ? local.slice(0, 2).join('') : ''}***${email.slice(at)}`;
};

/** The published values, or null if a rule filters the order. */
const publish = (order: Order): readonly unknown[] | null => {
  const { amount, quantity, price, created_date: created } = order;
  if (order.status !== 'ACTIVE' && order.status !== 'PENDING') return null;
  if (created === null || created < SINCE) return null;
  const day = new Date(created);
  return [
    order.id,
    order.name,
    amount,
    quantity,
    price,
    order.status,
    created,
    order.region_code,
    order.email === null ? null : mask(order.email),
    quantity === null || price === null ? null : quantity * price,
    amount === null ? null : amount < 1000 ? 'Small' : amount < 10_000 ? 'Medium' : 'Large',
    order.region_code === null ? null : (REGIONS.get(order.region_code) ?? null),
    day.getUTCFullYear(),
    day.getUTCMonth() + 1,
  ];
};

export const readWithFastCsv = async (
  chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  onAccepted: (values: readonly unknown[]) => void,
): Promise<{ readonly rows: number; readonly accepted: number; readonly invalid: number }> => {
  let rows = 0;
  let accepted = 0;
  let invalid = 0;
  const parser = Readable.from(chunks).pipe(parse({ headers: true, discardUnmappedColumns: true }));
  const read = (raw: unknown): void => {
    rows += 1;
    const order = schema.safeParse(raw);
    if (!order.success) {
      invalid += 1;
      return;
    }
    const values = publish(order.data);
    if (!values) return;
    accepted += 1;
    onAccepted(values);
  };
  // Events are faster than `for await` here.
  await new Promise<void>((resolve, reject) => {
    parser.on('data', read).on('error', reject).on('end', resolve);
  });
  return { rows, accepted, invalid };
};
