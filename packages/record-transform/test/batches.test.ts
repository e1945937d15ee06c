import { describe, expect, test } from '@jest/globals';
import { defineDataset, double, gt, integer, lit, text } from '@sluice/record-schema';
import fc from 'fast-check';
import {
  auditObject,
  BrokenPart,
  createBatchJudge,
  decodePart,
  encodePart,
  failedBatch,
  fatesOf,
  HASH_BYTES,
  originOf,
} from '../src/batches/index.ts';
import { createRowReader } from '../src/reading/row-reader.ts';

const sales = defineDataset({
  name: 'sales',
  fields: { id: text({ required: true }), amount: double(), note: text({ from: 'Note' }), pieces: integer() },
  rules: ({ col }) => ({ some: gt(col('amount'), lit(0)), many: gt(col('pieces'), lit(1)) }),
});
const asOf = '2026-06-15T00:00:00.000Z';
const judge = createBatchJudge(sales, asOf);
const item = (id: string, amount: string, note: string, pieces: string) => ({
  id,
  amount,
  Note: note,
  pieces,
});

const hashesOf = (part: ReturnType<typeof judge>): string[] => {
  const bytes = Buffer.from(part.header.hashes, 'base64');
  return Array.from({ length: part.header.rows }, (_, at) =>
    bytes.toString('hex', at * HASH_BYTES, (at + 1) * HASH_BYTES),
  );
};

/** What the object itself says of its lines. */
const audit = async (content: string, dataset = sales) => {
  const lines: string[] = [];
  const chunks = (async function* () {
    yield Buffer.from(content);
  })();
  const { unknownColumns } = await auditObject(dataset, chunks, {
    readable: (hash) => lines.push(Buffer.from(hash, 'latin1').toString('hex')),
    malformed: (code, raw) => lines.push(`${code}: ${raw}`),
    blankLine: () => lines.push('blank'),
    afterChunk: async () => undefined,
  });
  return { lines, unknownColumns };
};

describe('a batch of rows', () => {
  test('has a fate for each, and lines for what is accepted and quarantined', () => {
    const part = judge({
      first: 7,
      rows: [
        item('1', ' 2.50', 'x', '3'),
        item('', 'many', 'y', '1'),
        item('2', '5', '', '1'),
        item('3', '-1', '', '9'),
      ],
    });
    expect(part.header).toMatchObject({ first: 7, rows: 4, error: null, fates: 'aqff', rules: [1, 0] });
    expect(fatesOf(part.header)).toEqual({ accepted: 1, filtered: 2, quarantined: 1 });
    expect(part.accepted.map((line) => JSON.parse(line))).toEqual([['1', 2.5, 'x', 3]]);
    expect(part.quarantined.map((line) => JSON.parse(`{${line}`))).toEqual([
      {
        reasons: [
          { field: 'id', code: 'missing' },
          { field: 'amount', code: 'not_a_number' },
        ],
        record: { id: '', amount: 'many', Note: 'y', pieces: '1' },
        raw: null,
      },
    ]);
  });

  test('is the same after it was a file', () => {
    const part = judge({ first: 0, rows: [item('é😀', '1', 'a\nb', '2'), item('', '', '', '')] });
    const { header, accepted, quarantined } = decodePart(encodePart(part));
    expect(header).toMatchObject(part.header);
    expect(accepted.toString()).toBe(`${part.accepted.join('\n')}\n`);
    expect(quarantined.toString()).toBe(`${part.quarantined.join('\n')}\n`);
  });

  test('is no part if the file was cut, wherever that was, and the error has nothing of it', () => {
    const rows = [item('1', '1', 'secret', '2'), item('', 'x', 'secret\n', ''), item('2', '-1', '', '1')];
    const bytes = encodePart(judge({ first: 0, rows: [...rows, ...rows] }));
    for (let to = 0; to < bytes.length; to += 1) {
      const cut = () => decodePart(bytes.subarray(0, to));
      expect(cut).toThrow(BrokenPart);
      expect(cut).toThrow(/^(a part of the Map Run has no header|the part of item 0 is not whole)$/);
    }
  });

  test.each([
    ['has a line less than accepted rows', (text: string) => text.replace(/^\[.*\n/m, '')],
    ['has a line more than quarantined rows', (text: string) => `${text}{}\n`],
    ['has a header of something else', (text: string) => text.replace(/^.*\n/, 'null\n')],
    ['has a fate that there is not', (text: string) => text.replace('"fates":"aq"', '"fates":"az"')],
  ])('is no part if the file %s', (_what, change) => {
    const bytes = encodePart(judge({ first: 0, rows: [item('1', '1', '', '2'), item('', '', '', '')] }));
    expect(() => decodePart(bytes)).not.toThrow();
    expect(() => decodePart(Buffer.from(change(String(bytes))))).toThrow(BrokenPart);
  });

  test('takes a byte order mark for no part of the first name', () => {
    const marked = judge({ first: 0, rows: [{ '\ufeffid': '1', amount: '1', Note: '', pieces: '2' }] });
    expect(marked.header.fates).toBe('a');
    expect(hashesOf(marked)).toEqual(hashesOf(judge({ first: 0, rows: [item('1', '1', '', '2')] })));
  });

  test('loses no row to a cell that makes the engine throw', () => {
    const bomb = {
      ...item('2', '1', '', '2'),
      get amount(): string {
        return { length: 1 } as unknown as string;
      },
    };
    const part = judge({ first: 0, rows: [item('1', '1', '', '2'), bomb, item('3', '1', '', '2')] });
    expect(part.header.fates).toBe('aqa');
    expect(JSON.parse(`{${part.quarantined[0]}`)).toMatchObject({
      reasons: [{ field: null, code: 'not_processed' }],
      error: 'TypeError',
    });
  });

  test('that nobody could process is quarantined whole, with the error and what was read', () => {
    const part = failedBatch(
      sales,
      asOf,
      { first: 4, rows: [item('1', '1', '', '2'), item('2', 'x', '', '')] },
      'Lambda.Unknown',
    );
    expect(part.header).toMatchObject({ first: 4, fates: 'qq', error: 'Lambda.Unknown' });
    expect(JSON.parse(`{${part.quarantined[1]}`)).toEqual({
      reasons: [{ field: null, code: 'not_processed' }],
      record: { id: '2', amount: 'x', Note: '', pieces: '' },
      raw: null,
      error: 'Lambda.Unknown',
    });
  });

  test('has another origin for another clock or another definition', () => {
    const stricter = { ...sales, rules: sales.rules.slice(1) };
    const origins = [
      originOf(sales, asOf),
      originOf(sales, '2026-06-16T00:00:00.000Z'),
      originOf(stricter, asOf),
    ];
    expect(new Set(origins).size).toBe(3);
    expect(judge({ first: 0, rows: [item('1', '1', '', '2')] }).header.origin).toBe(origins[0]);
  });
});

describe('the hash of a row', () => {
  const field = fc.constantFrom('', 'a', 'b,c', '"', 'a"b', 'x\ny', ',', '""', 'é', ' ');
  const row = fc.tuple(field, field, field, field);
  const csv = (cells: readonly string[]): string =>
    cells.map((one) => (/[",\n]/.test(one) ? `"${one.replaceAll('"', '""')}"` : one)).join(',');

  test('is the same from the object as from the items, quoted or not', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(row, { minLength: 1, maxLength: 8 }),
        fc.boolean(),
        async (rows, asDeclared) => {
          const names = asDeclared ? 'id,amount,Note,pieces' : 'more,pieces,Note,amount,id';
          const text = rows.map(([a, b, c, d]) => csv(asDeclared ? [a, b, c, d] : ['-', d, c, b, a]));
          const { lines } = await audit([names, ...text, ''].join('\n'));
          const rowsOfItems = rows.map(([a, b, c, d]) => item(a, b, c, d));
          expect(lines).toEqual(hashesOf(judge({ first: 0, rows: rowsOfItems })));
        },
      ),
    );
  });

  test('differs if a cell differs, wherever delimiters and quotes are', () => {
    fc.assert(
      fc.property(row, row, (a, b) => {
        const [one, other] = hashesOf(judge({ first: 0, rows: [item(...a), item(...b)] }));
        expect(one === other).toBe(JSON.stringify(a) === JSON.stringify(b));
      }),
    );
  });
});

describe('the audit of an object', () => {
  test('finds rows that cannot be read, and lines without a character behind the header', async () => {
    const { lines, unknownColumns } = await audit('\n\nid,amount,Note,pieces,more\n\n1,2\n\n\n"a"b,,,,\n\n');
    expect(lines).toEqual([
      'blank',
      'wrong_field_count: 1,2',
      'blank',
      'blank',
      'malformed_quote: "a"b,,,,',
      'blank',
    ]);
    expect(unknownColumns).toEqual(['more']);
  });

  test('counts the rows that every other reading counts', async () => {
    const content = 'id,amount,Note,pieces\n1,,,\n\n,\n"a\nb",,,\n';
    let rows = 0;
    const reader = createRowReader(sales, 'a.csv', {
      row: () => {
        rows += 1;
      },
      malformed: () => {
        rows += 1;
      },
    });
    reader.push(Buffer.from(content));
    reader.end();
    const { lines } = await audit(content);
    expect(lines.filter((line) => line !== 'blank')).toHaveLength(rows);
  });

  test('does not take a gzipped object', async () => {
    const gzipped = (async function* () {
      yield Buffer.from([0x1f, 0x8b, 8, 0]);
    })();
    const ignore = () => undefined;
    const handlers = {
      readable: ignore,
      malformed: ignore,
      blankLine: ignore,
      afterChunk: async () => undefined,
    };
    await expect(auditObject(sales, gzipped, handlers)).rejects.toThrow('gzipped');
  });
});
