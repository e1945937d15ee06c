/**
 * Compiles a StringMatches pattern: `*` stands for any characters, `\*` and `\\` for themselves.
 * Undefined if a backslash stands before anything else.
 */
export function compilePattern(pattern: string): ((text: string) => boolean) | undefined {
  const literals = [''];
  for (let index = 0; index < pattern.length; index += 1) {
    let char = pattern.charAt(index);
    if (char === '*') {
      literals.push('');
      continue;
    }
    if (char === '\\') {
      index += 1;
      char = pattern.charAt(index);
      if (char !== '*' && char !== '\\') return undefined;
    }
    literals[literals.length - 1] += char;
  }
  return (text) => matches(literals, text);
}

/** Whether the text is the literals with anything between them. Linear, as it never goes back. */
function matches(literals: readonly string[], text: string): boolean {
  const first = literals[0] ?? '';
  const last = literals[literals.length - 1] ?? '';
  if (literals.length === 1) return text === first;
  if (!text.startsWith(first) || !text.endsWith(last)) return false;
  const end = text.length - last.length;
  let position = first.length;
  for (const literal of literals.slice(1, -1)) {
    const found = text.indexOf(literal, position);
    if (found === -1) return false;
    position = found + literal.length;
  }
  return position <= end;
}
