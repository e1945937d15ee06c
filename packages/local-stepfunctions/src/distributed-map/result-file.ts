import type { ObjectStore } from '../object-store.ts';

/** As S3 takes in one upload; AWS goes on in another file then. */
const MAX_FILE_BYTES = 5 * 1024 ** 3;

// Text is collected before it becomes bytes, and a writer waits when this much is on its way.
const PART_CHARACTERS = 64 * 1024;
const MAX_WAITING_PARTS = 16;

export interface ResultFileEntry {
  readonly Key: string;
  readonly Size: number;
}

/** Objects of JSON values, written as the values come; made only when there is one. */
export class ResultFiles {
  readonly entries: ResultFileEntry[] = [];
  readonly #objects: ObjectStore;
  readonly #bucket: string;
  readonly #keyOf: (index: number) => string;
  readonly #isArray: boolean;
  readonly #maxBytes: number;
  #upload: Upload | undefined;
  #opened = 0;
  #closing: Promise<void> = Promise.resolve();

  /** @param keyOf the key of the file with that number */
  constructor(
    objects: ObjectStore,
    bucket: string,
    keyOf: (index: number) => string,
    outputType: 'JSON' | 'JSONL',
    maxBytes = MAX_FILE_BYTES,
  ) {
    this.#objects = objects;
    this.#bucket = bucket;
    this.#keyOf = keyOf;
    this.#isArray = outputType === 'JSON';
    this.#maxBytes = maxBytes;
  }

  /** A promise if the writer should wait: the store is slower than the results. Throws what the store throws. */
  append(json: string): Promise<void> | undefined {
    if (this.#upload !== undefined && this.#upload.bytes > this.#maxBytes) this.#endFile();
    if (this.#upload === undefined) {
      const key = this.#keyOf(this.#opened);
      this.#opened += 1;
      this.#upload = new Upload(key, (body) => this.#objects.put({ bucket: this.#bucket, key }, body));
      return this.#upload.write(this.#isArray ? `[${json}` : `${json}\n`);
    }
    return this.#upload.write(this.#isArray ? `,${json}` : `${json}\n`);
  }

  #endFile(): void {
    const upload = this.#upload;
    if (upload === undefined) return;
    this.#upload = undefined;
    const ended = upload.end(this.#isArray ? ']' : '');
    const closing = this.#closing;
    this.#closing = (async () => {
      await Promise.all([closing, ended]);
      this.entries.push({ Key: upload.key, Size: upload.bytes });
    })();
    // Whoever closes the files hears of it.
    this.#closing.catch(() => {});
  }

  /** Ends the file that is being written; throws what the store threw at any of them. */
  async close(): Promise<void> {
    this.#endFile();
    await this.#closing;
  }

  /** Leaves nothing of the file that is being written. */
  async discard(): Promise<void> {
    const upload = this.#upload;
    this.#upload = undefined;
    await upload?.discard();
  }
}

class Discarded extends Error {}

/** One object on its way to the store. */
class Upload {
  readonly key: string;
  bytes = 0;
  readonly #parts: Uint8Array[] = [];
  #text = '';
  #ended = false;
  #discarded = false;
  #failure: { readonly error: unknown } | undefined;
  #wakeStore = () => {};
  #wakeWriters: (() => void)[] = [];
  readonly #put: Promise<void>;

  constructor(key: string, put: (body: AsyncIterable<Uint8Array>) => Promise<unknown>) {
    this.key = key;
    this.#put = this.#send(put);
  }

  async #send(put: (body: AsyncIterable<Uint8Array>) => Promise<unknown>): Promise<void> {
    try {
      await put(this.#body());
    } catch (error) {
      this.#failure = { error };
    }
    this.#wake();
  }

  async *#body(): AsyncGenerator<Uint8Array, void> {
    for (;;) {
      if (this.#discarded) throw new Discarded('the results are not wanted');
      const part = this.#parts.shift();
      if (part !== undefined) {
        this.#wake();
        yield part;
      } else if (this.#ended) {
        return;
      } else {
        await new Promise<void>((resolve) => {
          this.#wakeStore = resolve;
        });
      }
    }
  }

  #wake(): void {
    const writers = this.#wakeWriters;
    this.#wakeWriters = [];
    for (const wake of writers) wake();
  }

  write(text: string): Promise<void> | undefined {
    if (this.#failure !== undefined) throw this.#failure.error;
    this.#text += text;
    if (this.#text.length < PART_CHARACTERS) return undefined;
    this.#flush();
    return this.#parts.length < MAX_WAITING_PARTS ? undefined : this.#room();
  }

  async #room(): Promise<void> {
    while (this.#parts.length >= MAX_WAITING_PARTS && this.#failure === undefined) {
      await new Promise<void>((resolve) => {
        this.#wakeWriters.push(resolve);
      });
    }
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  #flush(): void {
    if (this.#text === '') return;
    const part = Buffer.from(this.#text);
    this.#text = '';
    this.bytes += part.length;
    this.#parts.push(part);
    this.#wakeStore();
  }

  async end(text: string): Promise<void> {
    this.#text += text;
    this.#flush();
    this.#ended = true;
    this.#wakeStore();
    await this.#put;
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  async discard(): Promise<void> {
    this.#discarded = true;
    this.#wakeStore();
    await this.#put;
  }
}
