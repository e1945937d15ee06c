import type { FieldDefinition } from '@sluice/record-schema';
import fc from 'fast-check';

/** Cells as they come: mostly what the field expects, else what engines are known to read each in its own way. */

const TEXTS = ['a', 'B', 'abc', 'ABC', 'x y', 'é', 'e\u0301', 'ß', 'ﬁ', 'İ', 'ΟΔΟΣ', '😀', '\uff5e', '𐐨']
  .concat(['ann.lee@example.com', 'ab@x', '@', 'a@b@c', '01', '02', '1', "it's", '"q"', 'a,b', 'a\nb', 'a\r'])
  .concat(['constructor', '__proto__', '%', '_', '\\', '\u0000', 'a\u0000', 'null', 'NULL', '{', '[1]']);

const NASTY = ['', ' ', '\u00a0', '\u3000', '\t', '\r\n', '\u2003', '\ufeff', '-', 'NULL', 'null', 'n/a']
  .concat([' 12 ', '\u00a012', '1d', '0x1p3', '0x10', '1_000', '1,000', '12.7', '12.0', '1e3', '.5', '5.'])
  .concat([
    '.',
    '+',
    '-0',
    '-0.0',
    '+7',
    '007',
    '1e400',
    '1e-400',
    '-1e-400',
    '5e-324',
    '1.7976931348623159e308',
  ])
  .concat([
    'NaN',
    'Infinity',
    '-inf',
    '１２',
    '٣',
    '9007199254740991',
    '9007199254740992',
    '9223372036854775808',
  ])
  .concat(['-9007199254740991', '99999999999999999999999999999999999999', '1.005', '-2.5', '0.995', '99.995'])
  .concat(['true', 'TRUE', 'fal\u017fe', 't', '1', '0', 'yes'])
  .concat(['2024-02-29', '2023-02-29', '2024-02-30', '2024-1-5', '0000-01-01', '0001-01-01', '9999-12-31'])
  .concat(['2024-1-5 3:4:5', '2024-02-30 10:00:00', '2024-01-05 24:00:00', '2016-12-31 23:59:60'])
  .concat([
    '2024-01-05T03:04:05+09:00',
    '2024-01-05T03:04:05.5Z',
    '2024-01-05T03:04:05',
    '2024-01-05 03:04:05Z',
  ])
  .concat(TEXTS);

const pad = (value: number, digits: number): string => String(value).padStart(digits, '0');

const dayText = fc
  .record({
    year: fc.oneof(fc.integer({ min: 2020, max: 2030 }), fc.integer({ min: 1, max: 9999 })),
    month: fc.integer({ min: 1, max: 12 }),
    day: fc.oneof(
      { weight: 9, arbitrary: fc.integer({ min: 1, max: 28 }) },
      fc.integer({ min: 28, max: 31 }),
    ),
  })
  .map(({ year, month, day }) => ({ year: pad(year, 4), month: pad(month, 2), day: pad(day, 2) }));
const timeText = fc
  .record({
    hour: fc.integer({ min: 0, max: 23 }),
    minute: fc.integer({ min: 0, max: 59 }),
    second: fc.integer({ min: 0, max: 59 }),
  })
  .map(({ hour, minute, second }) => `${pad(hour, 2)}:${pad(minute, 2)}:${pad(second, 2)}`);
const zoneText = fc.constantFrom('Z', '.5Z', '.123Z', '+09:00', '-05:30', '.999+18:00', '-00:00');

const days = (format: string): fc.Arbitrary<string> =>
  dayText.map(({ year, month, day }) => format.replace('yyyy', year).replace('MM', month).replace('dd', day));
const instants = (format: string): fc.Arbitrary<string> =>
  fc
    .tuple(days(format === 'iso' ? 'yyyy-MM-dd' : format), timeText, zoneText)
    .map(([day, time, zone]) =>
      format === 'iso'
        ? `${day}T${time}${zone}`
        : day.replace('HH:mm:ss', time).replace('HH:mm', time.slice(0, 5)),
    );

const wholeNumbers = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: -20, max: 20 }).map(String) },
  { weight: 2, arbitrary: fc.integer().map(String) },
  { weight: 1, arbitrary: fc.maxSafeInteger().map(String) },
);
const decimals = fc
  .tuple(fc.integer({ min: -999, max: 999 }), fc.stringMatching(/^[0-9]{0,6}$/))
  .map(([whole, fraction]) => (fraction ? `${whole}.${fraction}` : String(whole)));
const doubles = fc.oneof(
  { weight: 4, arbitrary: decimals },
  { weight: 2, arbitrary: wholeNumbers },
  { weight: 2, arbitrary: fc.double({ noNaN: true, noDefaultInfinity: true }).map(String) },
);
const texts = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...TEXTS) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 6 }) },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme', maxLength: 4 }) },
);

const expected = (field: FieldDefinition): fc.Arbitrary<string> => {
  const formats = 'formats' in field ? (field.formats ?? []) : [];
  switch (field.type) {
    case 'text':
      return field.oneOf ? fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...field.oneOf) }, texts) : texts;
    case 'integer':
      return wholeNumbers;
    case 'double':
      return doubles;
    case 'decimal':
      return decimals;
    case 'boolean':
      return fc.constantFrom('true', 'false', 'TRUE', 'False');
    case 'date':
      return fc.oneof(...(formats.length ? formats : ['yyyy-MM-dd']).map(days));
    case 'timestamp':
      return fc.oneof(...(formats.length ? formats : ['yyyy-MM-dd HH:mm:ss']).map(instants));
  }
};

const padded = (cell: string): fc.Arbitrary<string> =>
  fc.constantFrom(` ${cell}`, `${cell}\u00a0`, `\t${cell}\r\n`, `\u3000${cell} `, `\u2003${cell}`);

/** One of a type's usual values, for literals and the keys of lookups. */
export const SOME_TEXTS: readonly string[] = TEXTS.filter((text) => text.isWellFormed());

/** Rows of a dataset; null is JSON's. Most rows are clean, so that many get as far as rules and derived fields. */
export const arbitraryRows = (
  fields: readonly FieldDefinition[],
  count: number,
): fc.Arbitrary<readonly (readonly (string | null)[])[]> => {
  const clean = fields.map((field) =>
    fc.oneof(
      { weight: 20, arbitrary: expected(field) },
      { weight: 1, arbitrary: fc.constant('') },
      { weight: 1, arbitrary: fc.constant(null) },
    ),
  );
  const broken = fields.map((field) =>
    fc.oneof(
      { weight: 3, arbitrary: expected(field) },
      { weight: 1, arbitrary: expected(field).chain(padded) },
      { weight: 2, arbitrary: fc.constantFrom(...NASTY) },
      { weight: 1, arbitrary: texts },
    ),
  );
  return fc.array(
    fc.oneof({ weight: 3, arbitrary: fc.tuple(...clean) }, { weight: 2, arbitrary: fc.tuple(...broken) }),
    { minLength: count, maxLength: count },
  );
};
