import fc from 'fast-check';
import {
  canonicalDecimal,
  type Field,
  type FieldOf,
  parseDecimalLiteral,
  standardise,
  unscaledDecimal,
} from '../field-rules.ts';
import { isNullCell, patternOf } from '../shapes/cell-check.ts';
import { nullCell, padded } from './spelling.ts';

interface BrokenCell {
  readonly cell: string | null;
  readonly code: string;
}
type Broken = fc.Arbitrary<BrokenCell>;

const NOT_A_NUMBER = [
  'abc',
  '1,5',
  '1_000',
  '0x10',
  '1d',
  'NaN',
  'Infinity',
  '--1',
  '1 2',
  '.',
  '1e',
  '１２',
];
const NOT_A_DAY = [
  '2024-02-30',
  '2023-02-29',
  '2024-13-01',
  '2024-00-10',
  '0000-01-01',
  '2024-1-5',
  '24-01-05',
];
const NOT_A_TIME = ['2024-01-05 24:00:00', '2024-01-05 23:59:60', '2024-01-05 23:60:00', '2024-01-05 3:4:5'];

const one = (code: string, cells: fc.Arbitrary<string | null>): Broken =>
  cells.map((cell) => ({ cell, code }));
const among = (code: string, texts: readonly string[]): Broken =>
  one(code, padded(fc.constantFrom(...texts)));

const ofText = (field: FieldOf<'text'>): readonly Broken[] => {
  const { oneOf, maxLength } = field;
  const pattern = patternOf(field);
  const any = fc.string({ unit: 'binary', maxLength: 8 });
  return [
    ...(oneOf
      ? [
          one(
            'not_allowed',
            any.filter((cell) => !oneOf.includes(standardise(field, cell))),
          ),
        ]
      : []),
    ...(pattern
      ? [
          one(
            'pattern_mismatch',
            any.filter((cell) => !pattern.test(standardise(field, cell))),
          ),
        ]
      : []),
    // Neither trimming nor casing shortens it, whatever its letters count in UTF-16.
    ...(maxLength === null
      ? []
      : [
          one(
            'too_long',
            fc.constantFrom('x', '😀', 'é').map((char) => char.repeat(maxLength + 1)),
          ),
        ]),
  ];
};

const ofNumber = (field: FieldOf<'double' | 'integer'>): readonly Broken[] => {
  const { min, max } = field;
  const lower =
    min === null ? null : field.type === 'integer' ? min - 1 : min - Math.max(1, Math.abs(min) * 1e-9);
  const higher =
    max === null ? null : field.type === 'integer' ? max + 1 : max + Math.max(1, Math.abs(max) * 1e-9);
  const fits = (value: number | null): value is number =>
    value !== null && (field.type === 'double' ? Number.isFinite(value) : Number.isSafeInteger(value));
  return [
    ...(fits(lower) ? [among('too_small', [String(lower)])] : []),
    ...(fits(higher) ? [among('too_large', [String(higher)])] : []),
  ];
};

const ofDecimal = (field: FieldOf<'decimal'>): readonly Broken[] => {
  const { precision, scale, min, max } = field;
  const overflow = `1${'0'.repeat(precision - scale)}`;
  const fits = (text: string | null): text is string =>
    text !== null && parseDecimalLiteral(text, precision, scale) !== null;
  const lower = min === null ? null : canonicalDecimal(unscaledDecimal(min) - 1n, scale);
  const higher = max === null ? null : canonicalDecimal(unscaledDecimal(max) + 1n, scale);
  return [
    among('not_a_number', [...NOT_A_NUMBER, '1e3', '1.2.3']),
    among('out_of_range', [overflow, `-${overflow}`]),
    ...(fits(lower) ? [among('too_small', [lower])] : []),
    ...(fits(higher) ? [among('too_large', [higher])] : []),
  ];
};

/** Texts that no format takes: it would need letters that neither its parts nor its separators have. */
const NOT_A_MOMENT = ['tomorrow', '1 Jan 2024', 'x'];

const ofMoment = (field: FieldOf<'date' | 'timestamp'>, code: string): readonly Broken[] => {
  const [only, ...others] = field.formats;
  const time = field.type === 'timestamp' ? ' 00:00:00' : '';
  const isDefault =
    others.length === 0 && only?.kind === 'fixed' && only.length === 10 + time.length && only.parts.dd === 8;
  const lacksDay = isDefault && only.literals[0]?.char === '-' ? NOT_A_DAY.map((day) => day + time) : [];
  const lacksTime = lacksDay.length > 0 && field.type === 'timestamp' ? NOT_A_TIME : [];
  return [among(code, [...NOT_A_MOMENT, ...lacksDay, ...lacksTime])];
};

const ofType = (field: Field): readonly Broken[] => {
  switch (field.type) {
    case 'text':
      return ofText(field);
    case 'double':
      return [among('not_a_number', [...NOT_A_NUMBER, '1e400']), ...ofNumber(field)];
    case 'integer':
      return [
        among('not_an_integer', [...NOT_A_NUMBER, '12.0', '12.7', '1e3']),
        among('out_of_range', ['9007199254740992', '-9007199254740992', '1'.repeat(400)]),
        ...ofNumber(field),
      ];
    case 'decimal':
      return ofDecimal(field);
    case 'boolean':
      return [among('not_a_boolean', ['yes', '1', '0', 't', 'truе', 'ＴＲＵＥ'])];
    case 'date':
      return ofMoment(field, 'not_a_date');
    case 'timestamp':
      return ofMoment(field, 'not_a_timestamp');
  }
};

/** The ways in which a cell of the field can be wrong for certain; none if the field takes everything. */
export const brokenCells = (field: Field): readonly Broken[] => {
  const missing = field.required && field.default === null ? [one('missing', nullCell(field))] : [];
  if (field.onInvalid === 'null') return missing;
  const wrong = ofType(field).map((broken) =>
    broken.filter(({ cell }) => cell !== null && !isNullCell(field, cell)),
  );
  return [...missing, ...wrong];
};
