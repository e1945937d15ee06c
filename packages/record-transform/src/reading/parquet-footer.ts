import { RefusedObject } from '../outcome.ts';

/** What a Parquet file says about itself at its end. */
export interface ParquetFooter {
  readonly rows: number;
  /** The names of the top-level columns, in their order. */
  readonly columns: readonly string[];
}

// https://github.com/apache/parquet-format#file-format: magic, data, footer, its length in 4 bytes, magic
const MAGIC = 'PAR1';
const TAIL_BYTES = 8;
/** A footer grows with columns × row groups; one this large is damage, and must not fill the memory. */
const MAX_FOOTER_BYTES = 256 * 1024 * 1024;

const corrupt = (what: string): RefusedObject =>
  new RefusedObject('corrupt_parquet', `the object is not a whole Parquet file: ${what}`);

/**
 * Reads a Parquet file's footer and nothing else. `readRange` gives the bytes from `start` to `end`, `end` not included.
 *
 * @throws {RefusedObject} `corrupt_parquet`
 */
export const readParquetFooter = async (
  size: number,
  readRange: (start: number, end: number) => Promise<Uint8Array>,
): Promise<ParquetFooter> => {
  if (size < MAGIC.length + TAIL_BYTES) throw corrupt('it is too short');
  const tail = Buffer.from(await readRange(size - TAIL_BYTES, size));
  if (tail.length !== TAIL_BYTES || tail.toString('latin1', 4) !== MAGIC) throw corrupt('its end is missing');
  const length = tail.readUInt32LE(0);
  const end = size - TAIL_BYTES;
  if (length > Math.min(end - MAGIC.length, MAX_FOOTER_BYTES)) throw corrupt('its footer is damaged');
  try {
    return footerOf(new CompactReader(Buffer.from(await readRange(end - length, end))));
  } catch (error) {
    if (error instanceof RangeError) throw corrupt('its footer is damaged');
    throw error;
  }
};

// https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift
const FILE = { schema: 2, rows: 3 } as const;
const ELEMENT = { name: 4, children: 5 } as const;

const footerOf = (reader: CompactReader): ParquetFooter => {
  let rows: number | null = null;
  let columns: string[] | null = null;
  for (const { id, type } of reader.fields()) {
    if (id === FILE.schema) columns = topLevel([...reader.list(() => schemaElement(reader))]);
    else if (id === FILE.rows) rows = reader.int();
    else reader.skip(type);
    // The rest, row groups above all, is most of the footer.
    if (rows !== null && columns !== null) return { rows, columns };
  }
  throw new RangeError('no schema or no row count');
};

interface SchemaElement {
  readonly name: string;
  readonly children: number;
}

const schemaElement = (reader: CompactReader): SchemaElement => {
  let name = '';
  let children = 0;
  for (const { id, type } of reader.fields()) {
    if (id === ELEMENT.name) name = reader.text();
    else if (id === ELEMENT.children) children = reader.int();
    else reader.skip(type);
  }
  return { name, children };
};

/** The tree comes depth first, its root first. */
const topLevel = (elements: readonly SchemaElement[]): string[] => {
  const names: string[] = [];
  let below = 0;
  for (const { name, children } of elements.slice(1)) {
    if (below === 0) names.push(name);
    else below -= 1;
    below += children;
  }
  return names;
};

// https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
const TYPE = {
  true: 1,
  false: 2,
  byte: 3,
  i16: 4,
  i32: 5,
  i64: 6,
  double: 7,
  binary: 8,
  list: 9,
  set: 10,
  map: 11,
  struct: 12,
  uuid: 13,
} as const;

/** Thrift's compact protocol, as far as a footer needs it. Throws a RangeError beyond the end and on what it does not know. */
class CompactReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** The fields of a struct; the caller reads or skips each value before it asks for the next field. */
  *fields(): Generator<{ readonly id: number; readonly type: number }> {
    let id = 0;
    for (;;) {
      const header = this.#byte();
      if (header === 0) return;
      const delta = header >> 4;
      id = delta === 0 ? this.int() : id + delta;
      yield { id, type: header & 15 };
    }
  }

  *list<T>(element: (type: number) => T): Generator<T> {
    const header = this.#byte();
    const short = header >> 4;
    const size = short === 15 ? this.#varint() : short;
    for (let n = 0; n < size; n += 1) yield element(header & 15);
  }

  int(): number {
    const value = this.#varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  text(): string {
    const size = this.#varint();
    const start = this.#at;
    this.#advance(size);
    return this.#bytes.toString('utf8', start, this.#at);
  }

  skip(type: number): void {
    switch (type) {
      case TYPE.true:
      case TYPE.false:
        break;
      case TYPE.byte:
        this.#advance(1);
        break;
      case TYPE.i16:
      case TYPE.i32:
      case TYPE.i64:
        this.#varint();
        break;
      case TYPE.double:
        this.#advance(8);
        break;
      case TYPE.binary:
        this.#advance(this.#varint());
        break;
      case TYPE.list:
      case TYPE.set:
        for (const _ of this.list((element) => this.#skipElement(element)));
        break;
      case TYPE.map:
        this.#skipMap();
        break;
      case TYPE.struct:
        for (const field of this.fields()) this.skip(field.type);
        break;
      case TYPE.uuid:
        this.#advance(16);
        break;
      default:
        throw new RangeError(`no type ${type}`);
    }
  }

  #skipMap(): void {
    const size = this.#varint();
    const types = size === 0 ? 0 : this.#byte();
    for (let n = 0; n < size; n += 1) {
      this.#skipElement(types >> 4);
      this.#skipElement(types & 15);
    }
  }

  /** Within a collection a boolean is a byte; as a field it is the type itself. */
  #skipElement(type: number): void {
    if (type === TYPE.true || type === TYPE.false) this.#advance(1);
    else this.skip(type);
  }

  #byte(): number {
    const at = this.#at;
    this.#advance(1);
    return this.#bytes[at] ?? 0;
  }

  #varint(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.#byte();
      value += (byte & 127) * factor;
      if (!Number.isSafeInteger(value)) throw new RangeError('a number beyond 2^53');
      if (byte < 128) return value;
    }
  }

  #advance(size: number): void {
    this.#at += size;
    if (this.#at > this.#bytes.length) throw new RangeError('the footer ends early');
  }
}
