const LF = 0x0a;
const BOM = Buffer.from([0xef, 0xbb, 0xbf]);

export interface Line {
  /** With its line end, if it has one. */
  readonly bytes: Buffer;
  /** It was longer than it may be; the bytes are only its beginning. */
  readonly cut: boolean;
}

/** The lines of a text, as many at a time as a chunk ends; a byte order mark at its start is left out. */
export async function* linesOf(
  chunks: AsyncIterable<Buffer>,
  maxBytes: number,
): AsyncGenerator<readonly Line[], void> {
  let parts: Buffer[] = [];
  let held = 0;
  let isFirst = true;
  const take = (more: Buffer): Line => {
    const cut = held + more.length > maxBytes;
    const whole = parts.length === 0 ? more : Buffer.concat([...parts, more]);
    parts = [];
    held = 0;
    const bytes = cut ? whole.subarray(0, maxBytes) : whole;
    const line = { bytes: isFirst && bytes.subarray(0, 3).equals(BOM) ? bytes.subarray(3) : bytes, cut };
    isFirst = false;
    return line;
  };
  for await (const chunk of chunks) {
    const lines: Line[] = [];
    let start = 0;
    for (let end = chunk.indexOf(LF); end >= 0; end = chunk.indexOf(LF, start)) {
      lines.push(take(chunk.subarray(start, end + 1)));
      start = end + 1;
    }
    // Of a line that is too long anyway, no more is kept than shows that it is.
    if (start < chunk.length && held <= maxBytes) {
      parts.push(chunk.subarray(start));
      held += chunk.length - start;
    }
    if (lines.length > 0) yield lines;
  }
  if (held > 0) yield [take(Buffer.alloc(0))];
}
