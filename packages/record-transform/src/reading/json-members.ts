/** A member of a JSON object, as it is written. */
export interface JsonMember {
  readonly key: string;
  /** Key and value, without the blanks around them. */
  readonly source: string;
  /** The value alone. */
  readonly value: string;
}

const isBlank = (unit: number): boolean => unit === 32 || unit === 9 || unit === 10 || unit === 13;

const skipBlanks = (text: string, from: number): number => {
  let at = from;
  while (isBlank(text.charCodeAt(at))) at += 1;
  return at;
};

/** Of the string that opens at `from`: the place behind its closing quote. */
const stringEnd = (text: string, from: number): number => {
  for (let close = text.indexOf('"', from + 1); ; close = text.indexOf('"', close + 1)) {
    let backslashes = 0;
    while (text.charAt(close - 1 - backslashes) === '\\') backslashes += 1;
    if (backslashes % 2 === 0) return close + 1;
  }
};

const valueEnd = (text: string, from: number): number => {
  let depth = 0;
  for (let at = from; ; ) {
    const char = text.charAt(at);
    if (char === '"') {
      at = stringEnd(text, at);
      if (depth === 0) return at;
      continue;
    }
    if (char === '{' || char === '[') depth += 1;
    else if (depth > 0 && (char === '}' || char === ']')) {
      depth -= 1;
      if (depth === 0) return at + 1;
    } else if (depth === 0 && ',} \t\r\n'.includes(char)) return at;
    at += 1;
  }
};

/** The members of a text that is known to be a JSON object, in their order, those of equal keys too. */
export function* jsonMembers(text: string): Generator<JsonMember> {
  let at = skipBlanks(text, skipBlanks(text, 0) + 1);
  while (text.charAt(at) === '"') {
    const keyEnd = stringEnd(text, at);
    const written = text.slice(at, keyEnd);
    const key: unknown = written.includes('\\') ? JSON.parse(written) : written.slice(1, -1);
    const from = skipBlanks(text, skipBlanks(text, keyEnd) + 1);
    const to = valueEnd(text, from);
    yield { key: String(key), source: text.slice(at, to), value: text.slice(from, to) };
    at = skipBlanks(text, to);
    if (text.charAt(at) === ',') at = skipBlanks(text, at + 1);
  }
}

/**
 * How each key's value is written in a text that is known to be a JSON object. `JSON.parse` does not tell: it
 * turns 1.10 into 1.1, and its reviver (which would) costs several times the parsing.
 */
export const valueSources = (text: string): ReadonlyMap<string, string> => {
  const sources = new Map<string, string>();
  for (const { key, value } of jsonMembers(text)) sources.set(key, value);
  return sources;
};
