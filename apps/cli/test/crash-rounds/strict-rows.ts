/** How many rows a CSV text has behind its header, by RFC 4180 and nothing else. A line without a character is none. */
export const strictRows = (text: string): number => {
  let [rows, characters, quoted, cellStart] = [-1, 0, false, true];
  for (const character of `${text}\n`) {
    if (quoted) quoted = character !== '"';
    else if (character === '"') quoted = cellStart || characters === 0 ? true : quoted;
    if (!quoted && character === '\n') {
      if (characters > 0) rows += 1;
      [characters, cellStart] = [0, true];
      continue;
    }
    characters += 1;
    cellStart = character === ',' || (character === '"' && !quoted);
  }
  return rows;
};
