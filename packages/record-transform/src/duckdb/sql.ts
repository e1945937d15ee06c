/** A name as an SQL identifier, whatever is in it. */
export const identifier = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** Text as an SQL literal, whatever is in it. NUL cannot stand in a statement: it is spelled `chr(0)`. */
export const literal = (text: string): string => {
  const parts = text.split('\0').map((part) => `'${part.replaceAll("'", "''")}'`);
  return parts.length === 1 ? parts.join('') : `(${parts.join(' || chr(0) || ')})`;
};

/** A finite number as a DOUBLE; JavaScript's shortest text reads back as the same bits. */
export const doubleLiteral = (value: number): string => `CAST(${literal(String(value))} AS DOUBLE)`;

/** Epoch milliseconds as a TIMESTAMP. */
export const timestampLiteral = (milliseconds: number): string =>
  `make_timestamp(CAST(${literal(String(milliseconds * 1000))} AS BIGINT))`;
