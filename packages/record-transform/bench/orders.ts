import { Buffer } from 'node:buffer';

export const AS_OF = Date.UTC(2026, 5, 15);

const HEADER = 'id,name,email,amount,quantity,price,status,created_date,region_code\n';
const NAMES = ['Ada Lovelace', ' grace hopper ', 'Łukasz Żak', '"Smith, ""Bob"""', '', 'Mary Ann Evans'];
const STATUS = ['ACTIVE', 'ACTIVE', 'ACTIVE', 'PENDING', 'CANCELLED'];

/** About so many bytes of CSV, always the same: two rows in a hundred have a bad value, some cells are empty or quoted. */
export const generateOrders = (bytes: number): Buffer => {
  let state = 42;
  // Park and Miller's generator: no need of good randomness, only of the same one everywhere.
  const next = (below: number): number => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
  const two = (value: number): string => `${value}`.padStart(2, '0');
  const parts: Buffer[] = [Buffer.from(HEADER)];
  for (let size = 0, id = 1; size < bytes; ) {
    let lines = '';
    for (let row = 0; row < 1000; row += 1, id += 1) {
      const amount =
        next(50) === 0 ? ['12,5', 'n/a', '', '1e3', '0x10'][next(5)] : `${next(20_000)}.${two(next(100))}`;
      const quoted = amount?.includes(',') ? `"${amount}"` : amount;
      const created = `202${5 + next(2)}-${two(1 + next(12))}-${two(1 + next(29))} ${two(next(24))}:${two(next(60))}:${two(next(60))}`;
      const email = next(20) === 0 ? '' : `customer${id}@example.com`;
      lines += `ORD-${id},${NAMES[next(6)]},${email},${quoted},${1 + next(9)},${next(500)}.${two(next(100))},${STATUS[next(5)]},${created},0${1 + next(5)}\n`;
    }
    const block = Buffer.from(lines);
    parts.push(block);
    size += block.length;
  }
  return Buffer.concat(parts);
};
