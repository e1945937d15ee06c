import { type AST, RegExpParser } from '@eslint-community/regexpp';

/**
 * Patterns mean the same in RE2 (DuckDB), Java (Spark) and JavaScript because only the subset in which the three
 * agree is taken, and because each engine gets its own spelling, written from the parsed tree: `.` is "not a line
 * feed" everywhere, `$` is the very end (Java's and SQL's would accept a last line feed), and every character
 * stands by its code point.
 */
export type PatternDialect = 'javascript' | 'sql' | 'java';

/** RE2 refuses larger counted repetitions. */
const MAX_REPEAT = 1000;

type Part = AST.Alternative | AST.Element | AST.CharacterClassElement | AST.QuantifiableElement;

class OutsideSubset extends Error {}

const refuse = (what: string): never => {
  throw new OutsideSubset(what);
};

const codePoint = (value: number, dialect: PatternDialect): string => {
  if (value >= 0xd800 && value <= 0xdfff) return refuse('lone surrogates');
  const char = String.fromCodePoint(value);
  if (/[A-Za-z0-9]/.test(char)) return char;
  const hex = value.toString(16);
  return dialect === 'javascript' ? `\\u{${hex}}` : `\\x{${hex}}`;
};

const isOneCharacter = ({ elements: [part, ...others] }: AST.Alternative): boolean =>
  others.length === 0 &&
  (part?.type === 'Character' || part?.type === 'CharacterSet' || part?.type === 'CharacterClass');

const alternatives = (list: readonly AST.Alternative[], dialect: PatternDialect, repeats: number): string => {
  const parts = list.map((one) => one.elements.map((part) => emit(part, dialect, repeats)).join(''));
  // Java puts every turn of a repeated alternation on its stack, but not one of brackets, which may hold others.
  const inBrackets = dialect === 'java' && list.length > 1 && list.every(isOneCharacter);
  return inBrackets ? `[${parts.join('')}]` : parts.join('|');
};

const characterSet = (set: AST.CharacterSet): string => {
  switch (set.kind) {
    case 'any':
      return '[^\\n]';
    case 'digit':
      return set.negate ? '\\D' : '\\d';
    case 'word':
      return set.negate ? '\\W' : '\\w';
    default:
      return refuse('\\s and \\p{…} (their characters differ between engines; list them in brackets)');
  }
};

const quantifier = (of: AST.Quantifier, dialect: PatternDialect, repeats: number): string => {
  const bound = of.max === Number.POSITIVE_INFINITY ? of.min : of.max;
  const total = repeats * Math.max(bound, 1);
  if (total > MAX_REPEAT) return refuse(`repetitions of more than ${MAX_REPEAT}`);
  const max = of.max === Number.POSITIVE_INFINITY ? '' : of.max;
  return `${emit(of.element, dialect, total)}{${of.min},${max}}${of.greedy ? '' : '?'}`;
};

const emit = (part: Part, dialect: PatternDialect, repeats: number): string => {
  switch (part.type) {
    case 'Alternative':
      return alternatives([part], dialect, repeats);
    case 'Character':
      return codePoint(part.value, dialect);
    case 'CharacterSet':
      return characterSet(part);
    case 'CharacterClassRange':
      return `${codePoint(part.min.value, dialect)}-${codePoint(part.max.value, dialect)}`;
    case 'CharacterClass':
      if (part.elements.length === 0) return refuse('empty brackets');
      return `[${part.negate ? '^' : ''}${part.elements.map((one) => emit(one, dialect, repeats)).join('')}]`;
    case 'Group':
      if (part.modifiers) return refuse('flags');
      return `(?:${alternatives(part.alternatives, dialect, repeats)})`;
    case 'CapturingGroup':
      if (part.name) return refuse('named groups');
      return `(?:${alternatives(part.alternatives, dialect, repeats)})`;
    case 'Quantifier':
      return quantifier(part, dialect, repeats);
    case 'Assertion':
      if (part.kind === 'start') return '^';
      if (part.kind === 'end') return dialect === 'javascript' ? '$' : '\\z';
      return refuse(part.kind === 'word' ? '\\b' : 'look-around');
    case 'Backreference':
      return refuse('back-references');
    default:
      return refuse(`${part.type}`);
  }
};

/**
 * A pattern in an engine's spelling: `javascript`, to be compiled with the `u` flag; `sql` for RE2; `java`, which finds the
 * same texts. Throws an `Error` that says which part of the pattern is outside the common subset.
 */
export const compilePattern = (pattern: string, dialect: PatternDialect): string => {
  let tree: AST.Pattern;
  try {
    tree = new RegExpParser({ ecmaVersion: 2025 }).parsePattern(pattern, 0, pattern.length, {
      unicode: true,
    });
  } catch (error) {
    throw new Error(`the pattern ${JSON.stringify(pattern)} does not parse: ${(error as Error).message}`);
  }
  try {
    return alternatives(tree.alternatives, dialect, 1);
  } catch (error) {
    if (!(error instanceof OutsideSubset)) throw error;
    throw new Error(
      `the pattern ${JSON.stringify(pattern)} uses ${error.message}, which the engines do not share`,
    );
  }
};
