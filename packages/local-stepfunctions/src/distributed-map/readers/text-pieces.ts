// Small enough that the items of a few pieces are little memory, large enough that a piece is worth its promise.
const PIECE_BYTES = 16 * 1024;

/** UTF-8 as text, without a byte order mark, in pieces of moderate size; what is no UTF-8 becomes U+FFFD. */
export async function* textPieces(body: AsyncIterable<Uint8Array>): AsyncGenerator<string, void> {
  const decoder = new TextDecoder();
  for await (const bytes of body) {
    for (let start = 0; start < bytes.length; start += PIECE_BYTES) {
      const text = decoder.decode(bytes.subarray(start, start + PIECE_BYTES), { stream: true });
      if (text !== '') yield text;
    }
  }
  const rest = decoder.decode();
  if (rest !== '') yield rest;
}
