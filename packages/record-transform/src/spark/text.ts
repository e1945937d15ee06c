import { TRIM_SET } from '@sluice/record-schema';
import { lower, upper } from '../typescript/text.ts';
import { literal } from './sql.ts';

/** What docs/semantics.md asks of Spark's texts. Each takes a column's name, or a constant: it stands there more than once. */

const BLANKS = Array.from(TRIM_SET);
const trimmed = (x: string): string => `trim(BOTH ${literal(TRIM_SET)} FROM ${x})`;
/** Below `!` are blanks and controls; U+00A0 and U+3000 come after all of ASCII: a comparison of first bytes. */
const beginsVisibly = (x: string): string => `${x} >= '!' AND ${x} < ${literal('\u007f')}`;

/** Without blanks at both ends. A trim costs far more than a look, and hardly any cell needs one. */
export const trim = (x: string): string => {
  const endsVisibly = BLANKS.map((blank) => `NOT endswith(${x}, ${literal(blank)})`).join(' AND ');
  return `CASE WHEN ${beginsVisibly(x)} AND ${endsVisibly} THEN ${x} ELSE ${trimmed(x)} END`;
};

/** Whether there is nothing but blanks, or nothing at all; never null. */
export const isBlank = (x: string): string =>
  `CASE WHEN ${beginsVisibly(x)} THEN false ELSE coalesce(${trimmed(x)} = '', true) END`;

/** Of ASCII, the length in bytes is the length in code points. */
const isAscii = (x: string): string => `octet_length(${x}) = char_length(${x})`;

const MAPPINGS = { upper, lower } as const;
type Case = keyof typeof MAPPINGS;
/** Letters with case are in Unicode's first two planes. */
const LAST_CASED = 0x1ffff;

/** Every letter that has another one in this case, and those, letter by letter. */
const lettersOf = (to: Case): { readonly from: string; readonly into: string } => {
  let [from, into] = ['', ''];
  for (let point = 0; point <= LAST_CASED; point += 1) {
    const letter = String.fromCodePoint(point);
    const mapped = MAPPINGS[to](letter);
    if (mapped === letter) continue;
    from += letter;
    into += mapped;
  }
  return { from, into };
};
const letters = new Map<Case, ReturnType<typeof lettersOf>>();

/**
 * Java's own mapping goes by the language of the machine, the Unicode of its version and a sigma's place in its word, so all
 * but ASCII is mapped letter by letter.
 */
export const cased = (to: Case, x: string): string => {
  const { from, into } = letters.get(to) ?? lettersOf(to);
  letters.set(to, { from, into });
  return `CASE WHEN ${isAscii(x)} THEN ${to}(${x}) ELSE translate(${x}, ${literal(from)}, ${literal(into)}) END`;
};
