import { closeSync, createReadStream, readSync } from 'node:fs';

const readBytesAtOnce = 256 * 1024;

/** The bytes of an open file, which is closed when they were read. Small ones are read at once: a stream costs more. */
export function bodyOf(fd: number, start: number, end: number): AsyncIterable<Uint8Array> {
  if (end - start > readBytesAtOnce)
    return createReadStream('', { fd, start, end: end - 1, highWaterMark: readBytesAtOnce });
  try {
    return chunksOf(readWhole(fd, start, end));
  } finally {
    closeSync(fd);
  }
}

function readWhole(fd: number, start: number, end: number): Uint8Array {
  const bytes = Buffer.allocUnsafe(end - start);
  let read = 0;
  while (read < bytes.length) {
    const more = readSync(fd, bytes, read, bytes.length - read, start + read);
    if (more === 0) break;
    read += more;
  }
  return bytes.subarray(0, read);
}

async function* chunksOf(bytes: Uint8Array): AsyncGenerator<Uint8Array, void> {
  if (bytes.length > 0) yield bytes;
}
