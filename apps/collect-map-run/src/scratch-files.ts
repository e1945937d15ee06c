import { Buffer } from 'node:buffer';
import { type FileHandle, open } from 'node:fs/promises';

const FLUSH_BYTES = 1024 * 1024;

/** Appends to a new file in large writes. */
export class ScratchWriter {
  readonly path: string;
  readonly #file: FileHandle;
  #buffer = Buffer.allocUnsafe(2 * FLUSH_BYTES);
  #length = 0;

  private constructor(path: string, file: FileHandle) {
    this.path = path;
    this.#file = file;
  }

  static async create(path: string): Promise<ScratchWriter> {
    return new ScratchWriter(path, await open(path, 'w'));
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#length + bytes));
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
  }

  /** Held until the next `flushIfFull`. */
  bytes(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#buffer.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  text(text: string, encoding: 'utf8' | 'latin1' = 'utf8'): void {
    this.#reserve(text.length * 3);
    this.#length += this.#buffer.write(text, this.#length, encoding);
  }

  /** To be awaited now and then: it bounds the memory. */
  async flushIfFull(): Promise<void> {
    if (this.#length >= FLUSH_BYTES) await this.#flush();
  }

  async #flush(): Promise<void> {
    await this.#file.writeFile(this.#buffer.subarray(0, this.#length));
    this.#length = 0;
  }

  async close(): Promise<void> {
    try {
      await this.#flush();
    } finally {
      await this.#file.close();
    }
  }
}

/** Reads a file from its beginning, as many bytes at a time as are asked for. */
export class ScratchReader {
  readonly #file: FileHandle;
  #buffer = Buffer.alloc(0);

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  static async open(path: string): Promise<ScratchReader> {
    return new ScratchReader(await open(path));
  }

  /** The next bytes, which stay the next ones; fewer only at the end of the file. Valid until the next call. */
  async peek(bytes: number): Promise<Buffer> {
    while (this.#buffer.length < bytes) {
      const more = Buffer.allocUnsafe(Math.max(FLUSH_BYTES, bytes));
      const { bytesRead } = await this.#file.read(more, 0, more.length);
      if (bytesRead === 0) break;
      this.#buffer = Buffer.concat([this.#buffer, more.subarray(0, bytesRead)]);
    }
    return this.#buffer.subarray(0, bytes);
  }

  /** Of bytes that were peeked at. */
  skip(bytes: number): void {
    this.#buffer = this.#buffer.subarray(bytes);
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

/** The lines of a stream, without their ends. The last one may lack its end. */
export async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer, void, void> {
  const lineFeed = 10;
  let rest: Buffer[] = [];
  for await (const chunk of chunks) {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
    let from = 0;
    for (let end = bytes.indexOf(lineFeed); end >= 0; end = bytes.indexOf(lineFeed, from)) {
      const last = bytes.subarray(from, end);
      yield rest.length === 0 ? last : Buffer.concat([...rest, last]);
      rest = [];
      from = end + 1;
    }
    if (from < bytes.length) rest.push(Buffer.from(bytes.subarray(from)));
  }
  if (rest.length > 0) yield Buffer.concat(rest);
}
