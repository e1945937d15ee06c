import { Buffer } from 'node:buffer';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { cells, rawText } from '../src/reading/csv-row.ts';
import { type CsvSummary, createCsvTokenizer } from '../src/reading/csv-tokenizer.ts';

interface Read {
  readonly header: readonly string[];
  /** A good row's fields; a malformed one's reason and raw text. */
  readonly rows: readonly (readonly string[] | { readonly problem: string; readonly raw: string })[];
  readonly offsets: readonly number[];
  readonly summary: CsvSummary;
}

const read = (input: string | Uint8Array, cuts: readonly number[] = [], delimiter = ','): Read => {
  const bytes = Buffer.from(input);
  const rows: Read['rows'][number][] = [];
  const offsets: number[] = [];
  let header: readonly string[] = [];
  const tokenizer = createCsvTokenizer({
    delimiter,
    onHeader: (names) => {
      header = names;
    },
    onRow: (row) => {
      offsets.push(row.offset);
      rows.push(row.problem === null ? cells(row) : { problem: row.problem, raw: rawText(row) });
    },
  });
  const ends = [...cuts].map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b);
  let from = 0;
  for (const to of [...ends, bytes.length]) {
    // A chunk of its own, wiped after use: the tokenizer must not look at it again.
    const chunk = Buffer.from(bytes.subarray(from, to));
    tokenizer.push(chunk);
    chunk.fill(0x22);
    from = to;
  }
  const summary = tokenizer.end();
  return { header, rows, offsets, summary };
};

const refusal = (work: () => unknown): unknown => {
  try {
    work();
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
  return null;
};

const MIB = 1024 * 1024;

describe('the CSV tokenizer', () => {
  test('takes LF, CR LF and CR as line ends, mixed in one object', () => {
    const { rows, summary } = read('a,b\r\n1,2\n3,4\r5,6\r\n7,8');
    expect(rows).toEqual([
      ['1', '2'],
      ['3', '4'],
      ['5', '6'],
      ['7', '8'],
    ]);
    expect(summary.lineEnds).toBe('mixed');
  });

  test.each([
    ['lf', 'a\n1\n'],
    ['crlf', 'a\r\n1\r\n'],
    ['cr', 'a\r1\r'],
    ['lf', 'a'],
  ])('reports %s line ends', (kind, text) => {
    expect(read(text).summary.lineEnds).toBe(kind);
  });

  test('unquotes fields, halves doubled quotes and keeps delimiters and line breaks inside quotes', () => {
    const { rows, summary } = read('a,b\n"x, ""y""","1\r\n2"\n"",""""\n');
    expect(rows).toEqual([
      ['x, "y"', '1\r\n2'],
      ['', '"'],
    ]);
    expect(summary).toMatchObject({ lineBreakInQuotes: true, hasQuotes: true });
  });

  test('skips lines with nothing in them, also before the header, but not lines of blanks', () => {
    const { rows, summary } = read('\n\r\na,b\n\n1,2\n\r\n  \n\n');
    expect(rows).toEqual([['1', '2'], { problem: 'wrong_field_count', raw: '  ' }]);
    expect(summary).toMatchObject({ rows: 2, malformed: 1, blankLines: 5, headerEnd: 7 });
  });

  test('takes a line of one empty quoted field for a row', () => {
    expect(read('a\n""\n').rows).toEqual([['']]);
  });

  test('drops one byte order mark and not a second one', () => {
    const { header, summary } = read('\ufeff"a",b\n1,2\n');
    expect(header).toEqual(['a', 'b']);
    expect(summary.hasBom).toBe(true);
    expect(read('\ufeff\ufeffa\n').header).toEqual(['\ufeffa']);
  });

  test('counts a trailing delimiter as one field too many and never pads or cuts', () => {
    expect(read('a,b\n1,2,\n1\n1,2\n').rows).toEqual([
      { problem: 'wrong_field_count', raw: '1,2,' },
      { problem: 'wrong_field_count', raw: '1' },
      ['1', '2'],
    ]);
  });

  test('ends a row with a stray quote at its line, so that the next row is whole', () => {
    expect(read('a,b\n5" pipe,"x\n1,2\n"x"y,"z\n3,4\n').rows).toEqual([
      { problem: 'malformed_quote', raw: '5" pipe,"x' },
      ['1', '2'],
      { problem: 'malformed_quote', raw: '"x"y,"z' },
      ['3', '4'],
    ]);
  });

  test('makes one malformed row of an unclosed quote, to the end of the object', () => {
    expect(read('a,b\n1,2\n3,"x\n4,5\n').rows).toEqual([
      ['1', '2'],
      { problem: 'malformed_quote', raw: '3,"x\n4,5\n' },
    ]);
  });

  test('tells a broken quote before invalid UTF-8, and that before the number of fields', () => {
    const bad = (text: string): Buffer => Buffer.from(text.replaceAll('?', '\u00ff'), 'latin1');
    expect(read(bad('a,b\n?"x"\n?\n1,?\nx\n')).rows).toEqual([
      { problem: 'malformed_quote', raw: '\ufffd"x"' },
      { problem: 'invalid_utf8', raw: '\ufffd' },
      { problem: 'invalid_utf8', raw: '1,\ufffd' },
      { problem: 'wrong_field_count', raw: 'x' },
    ]);
  });

  test('keeps NUL, multi-byte text and the replacement character as data', () => {
    const { rows, summary } = read('a,b\n\0,日本\n\ufffd,"é""😀"\n');
    expect(rows).toEqual([
      ['\0', '日本'],
      ['\ufffd', 'é"😀'],
    ]);
    expect(summary.hasNul).toBe(true);
    expect(read('a\n日本\n').summary.hasNul).toBe(false);
  });

  test('takes any ASCII delimiter', () => {
    expect(read('a|b\n1|"2|3"\n', [], '|').rows).toEqual([['1', '2|3']]);
    expect(read('a\tb\n1,2\t 3 \n', [], '\t').rows).toEqual([['1,2', ' 3 ']]);
  });

  test('gives the offset of every row in the object, however it is cut', () => {
    const text = '\ufeffid\r\n10\r\n\r\n"2\n0"\r\n30';
    for (const cuts of [[], [1, 2, 3, 4, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17]]) {
      expect(read(text, cuts).offsets).toEqual([7, 13, 20]);
    }
  });

  test('reports the longest row', () => {
    expect(read('aaaaaaaaaa\n1\n"22"\n333\n').summary.longestRowBytes).toBe(4);
  });

  test('remembers as many boundaries as the header is wide', () => {
    const names = Array.from({ length: 1000 }, (_, at) => `c${at}`);
    const { header, rows } = read(`${names.join()}\n${names.join()}\n${names.join()},x\n`);
    expect(header).toEqual(names);
    expect(rows[0]).toEqual(names);
    expect(rows[1]).toMatchObject({ problem: 'wrong_field_count' });
  });

  test('reads objects that span many windows of text', () => {
    const body = Array.from({ length: 20_000 }, (_, at) => `${at},naïve ${at},"q""${at}"`);
    const { rows } = read(`a,b,c\n${body.join('\n')}\n`);
    expect(rows).toEqual(Array.from({ length: 20_000 }, (_, at) => [`${at}`, `naïve ${at}`, `q"${at}`]));
  });

  test.each([
    ['nothing at all', ''],
    ['only a byte order mark', '\ufeff'],
    ['only blank lines', '\n\r\n\r'],
  ])('refuses %s as empty', (_, text) => {
    expect(refusal(() => read(text))).toBe('empty_object');
  });

  test('takes a header alone for zero rows', () => {
    expect(read('a,b').summary).toMatchObject({ rows: 0, headerEnd: 3 });
  });

  test.each([
    ['a stray quote', 'a"b\n'],
    ['an unclosed quote', '"a,b\n1,2\n'],
    ['invalid UTF-8', Buffer.from([0x61, 0xff, 0x0a])],
    ['more than 1 MiB', `${'a'.repeat(MIB + 1)}\n1\n`],
    ['an endless first line', 'a'.repeat(2 * MIB)],
    ['an endless quoted name', `"${'a'.repeat(2 * MIB)}`],
  ])('refuses a header with %s', (_, input) => {
    expect(refusal(() => read(input))).toBe('bad_header');
    expect(refusal(() => read(input, [1, 5, MIB, MIB + 1, MIB + 7]))).toBe('bad_header');
  });
});

describe('very long rows', () => {
  const limit = 16 * MIB;
  // Cuts in and around the places where the tokenizer starts to let go of an open quote.
  const cuts = [5, 1000, MIB, limit - 1, limit, limit + 1, limit + 2, limit + 3, limit + 4, limit + 9];

  test('of just 16 MiB are rows', () => {
    const text = 'x'.repeat(limit);
    for (const where of [[], cuts]) {
      const { rows } = read(`a\n${text}\n1\n`, where);
      expect(rows.map((row) => (Array.isArray(row) ? row[0]?.length : row))).toEqual([limit, 1]);
      const quotedRows = read(`a\n"${text.slice(2)}"\n1\n`, where).rows;
      expect(quotedRows.map((row) => (Array.isArray(row) ? row[0]?.length : row))).toEqual([limit - 2, 1]);
    }
  });

  test.each([
    ['plain', `a\n${'x'.repeat(limit + 1)}\n1\n`],
    ['quoted', `a\n"${'x'.repeat(limit - 1)}"\n1\n`],
    ['quoted at the end of the object', `a\n"${'x'.repeat(limit - 1)}"`],
    ['quoted, with another quote opened behind the limit', `a\n"${'x'.repeat(limit)}","y`],
    ['with a broken quote', `a\nx"${'x'.repeat(limit)}\n`],
  ])('above 16 MiB refuse the object: %s', (_, text) => {
    expect(refusal(() => read(text))).toBe('row_too_large');
    expect(refusal(() => read(text, cuts))).toBe('row_too_large');
  });

  test('that an unclosed quote stretches to the end are one malformed row, cut to 64 KiB', () => {
    const text = `a\n1\n"${'日""'.repeat(4 * MIB)}`;
    for (const where of [[], cuts]) {
      const { rows, summary } = read(text, where);
      const last = rows[1];
      expect(last).toMatchObject({ problem: 'malformed_quote' });
      const raw = last && 'raw' in last ? last.raw : '';
      expect(text.startsWith(raw, 4)).toBe(true);
      expect(Buffer.byteLength(raw)).toBeGreaterThan(64 * 1024 - 4);
      expect(summary).toMatchObject({ rows: 2, longestRowBytes: 1 + 5 * 4 * MIB });
    }
  });
});

/** The rules once more, as plainly as possible: a character at a time over latin1, no chunks, no windows. */
const plainly = (bytes: Buffer, delimiter: string): Pick<Read, 'header' | 'rows'> => {
  const input = bytes.toString('latin1').replace(/^\u00ef\u00bb\u00bf/, '');
  const utf8 = (text: string): string => Buffer.from(text, 'latin1').toString('utf8');
  const valid = (text: string): boolean => Buffer.from(utf8(text)).toString('latin1') === text;
  const rows: Read['rows'][number][] = [];
  let header: readonly string[] | null = null;
  let i = 0;
  while (i < input.length) {
    const start = i;
    const fields: string[] = [];
    let broken = false;
    for (;;) {
      if (input[i] === '"') {
        const close = /^(?:[^"]|"")*"(?!")/.exec(input.slice(i + 1));
        if (!close) {
          broken = true;
          i = input.length;
          break;
        }
        fields.push(utf8(close[0].slice(0, -1).replaceAll('""', '"')));
        i += 1 + close[0].length;
      } else {
        const from = i;
        while (i < input.length && ![delimiter, '"', '\r', '\n'].includes(input.charAt(i))) i += 1;
        fields.push(utf8(input.slice(from, i)));
      }
      if (input[i] === delimiter) {
        i += 1;
        continue;
      }
      if (i < input.length && !'\r\n'.includes(input.charAt(i))) {
        broken = true;
        while (i < input.length && !'\r\n'.includes(input.charAt(i))) i += 1;
      }
      break;
    }
    const raw = input.slice(start, i);
    i += input.startsWith('\r\n', i) ? 2 : 1;
    if (raw === '') continue;
    const problem = broken
      ? 'malformed_quote'
      : !valid(raw)
        ? 'invalid_utf8'
        : header && fields.length !== header.length
          ? 'wrong_field_count'
          : null;
    if (header) rows.push(problem ? { problem, raw: utf8(raw) } : fields);
    else if (problem) throw Object.assign(new Error(problem), { code: 'bad_header' });
    else header = fields;
  }
  if (!header) throw Object.assign(new Error('empty'), { code: 'empty_object' });
  return { header, rows };
};

describe('whatever the bytes are', () => {
  const piece = fc.constantFrom(
    'a',
    ',',
    ',',
    '"',
    '"',
    '""',
    '\r',
    '\n',
    '\n',
    '\r\n',
    ' ',
    '\0',
    '日',
    '😀',
  );
  const bytes = fc
    .array(
      fc.oneof(
        { weight: 30, arbitrary: piece.map((text) => Buffer.from(text)) },
        fc.uint8Array({ maxLength: 1 }),
      ),
    )
    .map((parts) =>
      Buffer.concat([
        Buffer.from('\ufeff').subarray(0, parts.length % 2 ? 3 : 0),
        Buffer.from('a,b\n').subarray(0, parts.length % 3 ? 4 : 0),
        ...parts,
      ]),
    );
  const cuts = fc.array(fc.nat({ max: 200 }));

  test('the rows are those of the plain reading, however the object is cut', () => {
    fc.assert(
      fc.property(bytes, cuts, (input, where) => {
        let expected: Pick<Read, 'header' | 'rows'> | null = null;
        const code = refusal(() => {
          expected = plainly(input, ',');
        });
        if (expected === null) expect(refusal(() => read(input, where))).toBe(code);
        else expect(read(input, where)).toMatchObject(expected);
      }),
      { numRuns: 3000 },
    );
  });

  test('the summary does not depend on how the object is cut', () => {
    fc.assert(
      fc.property(bytes, cuts, (input, where) => {
        const code = refusal(() => read(input));
        if (code === null) expect(read(input, where)).toEqual(read(input));
        else expect(refusal(() => read(input, where))).toBe(code);
      }),
      { numRuns: 1000 },
    );
  });

  test('fields survive writing and reading', () => {
    const table = fc.array(fc.array(fc.string({ unit: 'binary' }), { minLength: 2, maxLength: 2 }), {
      minLength: 1,
    });
    fc.assert(
      fc.property(table, cuts, (rows, where) => {
        const line = (fields: readonly string[]): string =>
          fields.map((field) => `"${field.replaceAll('"', '""')}"`).join(';');
        const text = [['a', 'b'], ...rows].map(line).join('\r\n');
        expect(read(text, where, ';').rows).toEqual(rows);
      }),
    );
  });
});
