import fc from 'fast-check';
import { HEADER } from '../orders.ts';

/** A row as it should have come, and as it came. */
interface Pair {
  readonly good: string;
  readonly bad: string | null;
  /** It came as no row of CSV at all, so that copies of it are no duplicates. */
  readonly malformed: boolean;
}

/** An object as it came, what a person mends of it, and the object that comes of that. */
export interface ObjectToMend {
  readonly bad: string;
  /** By row number, from 1: those that are given out. */
  readonly given: ReadonlyMap<number, string>;
  /** What of them is mended. */
  readonly mended: ReadonlyMap<number, string>;
  readonly copies: number;
  readonly right: string;
}

const good = (id: number): fc.Arbitrary<string> =>
  fc
    .tuple(
      fc.constantFrom('ann', ' Bob ', '"a, ""b"""', '"two\nlines"', 'Søren', '=1+1', '美咲'),
      fc.integer({ min: 1, max: 9000 }),
      fc.constantFrom('ACTIVE', 'PENDING'),
    )
    .map(
      ([name, amount, status]) =>
        `A${id},${name},a${id}@example.com,${amount},1,10,${status},2025-05-01 10:00:00,01`,
    );

const pair = (id: number): fc.Arbitrary<Pair> =>
  fc.tuple(good(id), fc.constantFrom('fine', 'fine', 'value', 'short', 'quote')).map(([row, kind]) => {
    switch (kind) {
      case 'value':
        return { good: row, bad: row.replace('2025-05-01', '2025-02-30'), malformed: false };
      case 'short':
        return { good: row, bad: `A${id},too,short`, malformed: true };
      case 'quote':
        return { good: row, bad: `A${id},"x"y${',,'.repeat(id % 4)}`, malformed: true };
      default:
        return { good: row, bad: null, malformed: false };
    }
  });

const POOL = 12;
const pool = fc.tuple(...Array.from({ length: POOL }, (_, id) => pair(id)));

/**
 * Rows of a pool, so that many are copies; all line ends, blank lines, a byte order mark, an open quote at the end. Before them stand
 * `fineRows` rows that are as they should be.
 */
export const objectToMend = (fineRows: number): fc.Arbitrary<ObjectToMend> =>
  fc
    .record({
      pool,
      fine: fc.tuple(...Array.from({ length: fineRows }, (_, at) => good(100 + at))),
      picks: fc.array(
        fc.record({ row: fc.integer({ min: 0, max: POOL - 1 }), mend: fc.boolean(), blank: fc.boolean() }),
        { minLength: 1, maxLength: 12 },
      ),
      end: fc.constantFrom('\n', '\r\n', '\r'),
      bom: fc.boolean(),
      openQuote: fc.boolean(),
      endsOpen: fc.boolean(),
    })
    .map(({ pool: pairs, fine, picks, end, bom, openQuote, endsOpen }) => {
      const given = new Map<number, string>();
      const mended = new Map<number, string>();
      const bad: string[] = [HEADER, ...fine];
      const right: string[] = [HEADER, ...fine];
      const firsts = new Map<number, boolean>();
      let copies = 0;
      let row = fine.length;
      const add = ({ good: whole, bad: broken, malformed }: Pair, mend: boolean, id: number): void => {
        row += 1;
        if (broken === null) {
          bad.push(whole);
          right.push(whole);
          return;
        }
        const first = malformed ? undefined : firsts.get(id);
        const isMended = first ?? mend;
        if (first === undefined) {
          firsts.set(id, mend);
          given.set(row, broken);
          if (mend) mended.set(row, whole);
        } else if (first) copies += 1;
        bad.push(broken);
        right.push(isMended ? whole : broken);
      };
      for (const { row: id, mend, blank } of picks) {
        const picked = pairs[id];
        if (picked) add(picked, mend, id);
        if (!blank) continue;
        bad.push('');
        right.push('');
      }
      if (openQuote) {
        add(
          {
            good: 'Z9,"x",z@example.com,1,1,1,ACTIVE,2025-05-01 10:00:00,01',
            bad: 'Z9,"x,z',
            malformed: true,
          },
          true,
          -1,
        );
      }
      const text = (lines: readonly string[]): string =>
        // A quote that is never closed takes the last line end in.
        (bom ? '\ufeff' : '') + lines.join(end) + (endsOpen || openQuote ? '' : end);
      return { bad: text(bad), given, mended, copies, right: text(right) };
    });
