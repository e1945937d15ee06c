import fc from 'fast-check';
import { type Field, TRIM_SET } from '../field-rules.ts';
import { isNullCell } from '../shapes/cell-check.ts';

/** Often nothing, sometimes any mix of what is trimmed. */
const blanks: fc.Arbitrary<string> = fc.oneof(
  { weight: 3, arbitrary: fc.constant('') },
  { weight: 1, arbitrary: fc.string({ unit: fc.constantFrom(...TRIM_SET), maxLength: 3 }) },
);

/** The text with blanks around it. */
export const padded = (text: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.tuple(blanks, text, blanks).map((parts) => parts.join(''));

/** A cell that means "no value", whatever the field's type. */
export const nullCell = (field: Field): fc.Arbitrary<string | null> => {
  const tokens = field.nullTokens.filter((token) => isNullCell(field, token));
  return tokens.length === 0
    ? fc.constant(null)
    : fc.oneof(fc.constant(null), padded(fc.constantFrom(...tokens)));
};
