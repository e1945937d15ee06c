import fc from 'fast-check';
import { canonicalDecimal, type Field, type FieldOf, unscaledDecimal } from '../field-rules.ts';
import { isNullCell, valueCheck } from '../shapes/cell-check.ts';
import { momentCell } from './moment-cells.ts';
import { nullCell, padded } from './spelling.ts';

const anyText = (maxLength: number): fc.Arbitrary<string> =>
  fc.oneof(
    fc.string({ unit: 'binary', maxLength }),
    fc.string({ unit: 'grapheme-ascii', maxLength }),
    // Separators, quotes, letters beyond 16 bits and letters whose case is special.
    fc.string({ unit: fc.constantFrom(...',;|"\n\r\t \\é𝒳😀ßİΣςǅ'), maxLength }),
  );

const textCell = (field: FieldOf<'text'>): fc.Arbitrary<string> => {
  const limit = field.maxLength ?? 12;
  const raw = (): fc.Arbitrary<string> => {
    if (field.oneOf) {
      const listed = fc.constantFrom(...field.oneOf);
      if (field.upper)
        return fc.oneof(
          listed,
          listed.map((one) => one.toLowerCase()),
        );
      return field.lower
        ? fc.oneof(
            listed,
            listed.map((one) => one.toUpperCase()),
          )
        : listed;
    }
    if (field.pattern !== null) return fc.stringMatching(new RegExp(field.pattern, 'u'));
    if (field.json) return fc.json();
    return fc.oneof(
      anyText(limit),
      fc.string({ unit: fc.constantFrom('😀', 'é'), minLength: limit, maxLength: limit }),
    );
  };
  const text = field.trim ? padded(raw()) : raw();
  // Another constraint, or the casing, may refuse what satisfies the first one.
  const check = valueCheck(field);
  return text.filter((cell) => !isNullCell(field, cell) && check(cell).length === 0);
};

const doubleCell = ({ min, max }: FieldOf<'double' | 'integer'>): fc.Arbitrary<string> => {
  const bounds = { min: min ?? -Number.MAX_VALUE, max: max ?? Number.MAX_VALUE };
  const value = fc.oneof(
    fc.double({ ...bounds, noNaN: true }),
    fc.constantFrom(bounds.min, bounds.max),
    fc.integer({ min: -1000, max: 1000 }).filter((one) => one >= bounds.min && one <= bounds.max),
  );
  const spellings: readonly ((plain: string) => string)[] = [
    (plain) => plain,
    (plain) => plain.replace('e', 'E'),
    (plain) => (plain.startsWith('-') ? plain : `+${plain}`),
    (plain) => plain.replace(/^(-?)0\./, '$1.'),
    (plain) => (/[.e]/.test(plain) ? plain : `${plain}.`),
    (plain) => plain.replace(/^(-?)/, '$100'),
    (plain) => (plain === '0' ? '-0' : plain),
  ];
  return fc.tuple(value, fc.constantFrom(...spellings)).map(([one, spell]) => spell(String(one)));
};

const integerCell = (field: FieldOf<'double' | 'integer'>): fc.Arbitrary<string> => {
  const min = field.min ?? Number.MIN_SAFE_INTEGER;
  const max = field.max ?? Number.MAX_SAFE_INTEGER;
  return fc
    .tuple(
      fc.oneof(fc.maxSafeInteger(), fc.integer(), fc.constantFrom(min, max)),
      fc.constantFrom('', '+', '000'),
    )
    .map(([one, prefix]) => [Math.min(Math.max(one, min), max), prefix] as const)
    .map(([one, prefix]) => (one < 0 ? `-${prefix === '000' ? prefix : ''}${-one}` : prefix + one));
};

const decimalCell = (field: FieldOf<'decimal'>): fc.Arbitrary<string> => {
  const { precision, scale } = field;
  const most = 10n ** BigInt(precision) - 1n;
  const min = field.min === null ? -most : unscaledDecimal(field.min);
  const max = field.max === null ? most : unscaledDecimal(field.max);
  // Digits past the scale that do, and do not, round the last one up; the check keeps the result within bounds.
  const tail = fc.constantFrom('', '4', '49', '5', '9');
  const check = valueCheck(field);
  return fc
    .tuple(fc.oneof(fc.bigInt({ min, max }), fc.constantFrom(min, max)), tail)
    .map(([value, more]) => canonicalDecimal(value, scale) + (more !== '' && scale === 0 ? `.${more}` : more))
    .filter((cell) => check(cell).length === 0);
};

const valueCell = (field: Field): fc.Arbitrary<string> => {
  switch (field.type) {
    case 'text':
      return textCell(field);
    case 'double':
      return padded(doubleCell(field));
    case 'integer':
      return padded(integerCell(field));
    case 'decimal':
      return padded(decimalCell(field));
    case 'boolean':
      return padded(fc.constantFrom('true', 'false', 'TRUE', 'False', 'tRuE'));
    case 'date':
    case 'timestamp':
      return padded(momentCell(field));
  }
};

/** A cell that the field takes. */
export const validCell = (field: Field): fc.Arbitrary<string | null> => {
  const present = valueCell(field).filter((cell) => !isNullCell(field, cell));
  if (field.required && field.default === null) return present;
  return fc.oneof({ weight: 4, arbitrary: present }, { weight: 1, arbitrary: nullCell(field) });
};
