import { reasonOf } from '../../errors.ts';
import type { Json } from '../../json.ts';
import { MAX_ITEM_BYTES } from '../item-chunk.ts';
import { readerFailed } from './reader-failed.ts';
import { textPieces } from './text-pieces.ts';

export interface JsonItems {
  readonly values: readonly Json[];
  /** The members' names if the items are those of an object. */
  readonly keys?: readonly string[];
}

/**
 * The elements of an array, or the members of an object, that a JSON pointer finds in a file. Only one item
 * is in memory as text at a time.
 *
 * @param pointer the pointer's steps; none for the file's own value
 */
export async function* readJson(
  body: AsyncIterable<Uint8Array>,
  pointer: readonly string[],
): AsyncGenerator<JsonItems, void> {
  const cursor = new JsonCursor(textPieces(body));
  for (const step of pointer) {
    if (!(await enter(cursor, step))) {
      throw readerFailed(`The ItemsPointer /${pointer.join('/')} finds nothing in the file.`);
    }
  }
  const open = await cursor.next();
  if (open === '[') yield* elements(cursor);
  else if (open === '{') yield* members(cursor);
  else throw cursor.error('expected an array or an object of items');
  if (pointer.length === 0 && (await cursor.peek()) !== '')
    throw cursor.error('expected the end of the file');
}

/** Steps to the value of a member or an element; false if there is none. */
async function enter(cursor: JsonCursor, step: string): Promise<boolean> {
  const open = await cursor.next();
  if (open !== '{' && open !== '[') return false;
  const close = open === '{' ? '}' : ']';
  if ((await cursor.peek()) === close) return false;
  for (let index = 0; ; index += 1) {
    const name = open === '{' ? await memberName(cursor) : String(index);
    if (name === step) return true;
    await cursor.skipValue();
    const separator = await cursor.next();
    if (separator === close) return false;
    if (separator !== ',') throw cursor.error(`expected , or ${close}`);
  }
}

async function memberName(cursor: JsonCursor): Promise<string> {
  const name = await cursor.value();
  if (typeof name !== 'string') throw cursor.error('expected the name of a member');
  if ((await cursor.next()) !== ':') throw cursor.error('expected :');
  return name;
}

async function* elements(cursor: JsonCursor): AsyncGenerator<JsonItems, void> {
  let values: Json[] = [];
  if ((await cursor.peek()) === ']') {
    await cursor.next();
    return;
  }
  for (;;) {
    values.push(await cursor.value());
    const separator = await cursor.next();
    if (separator !== ',' && separator !== ']') throw cursor.error('expected , or ]');
    if (separator === ']' || cursor.takeNews()) {
      yield { values };
      values = [];
    }
    if (separator === ']') return;
  }
}

async function* members(cursor: JsonCursor): AsyncGenerator<JsonItems, void> {
  let keys: string[] = [];
  let values: Json[] = [];
  if ((await cursor.peek()) === '}') {
    await cursor.next();
    return;
  }
  for (;;) {
    keys.push(await memberName(cursor));
    values.push(await cursor.value());
    const separator = await cursor.next();
    if (separator !== ',' && separator !== '}') throw cursor.error('expected , or }');
    if (separator === '}' || cursor.takeNews()) {
      yield { values, keys };
      keys = [];
      values = [];
    }
    if (separator === '}') return;
  }
}

const BLANK = /[ \t\n\r]*/y;
const SCALAR = /[^\s,:[\]{}"]*/y;
/** To the next character that matters inside a value. */
const PLAIN = /[^"[\]{}]*/y;
const IN_TEXT = /[^"\\]*/y;

/** Steps through JSON text as it comes, value by value. */
class JsonCursor {
  readonly #pieces: AsyncIterator<string>;
  #text = '';
  #position = 0;
  /** Characters before the text that is kept. */
  #dropped = 0;
  #hasNews = false;

  constructor(pieces: AsyncIterable<string>) {
    this.#pieces = pieces[Symbol.asyncIterator]();
  }

  error(message: string): Error {
    return readerFailed(
      `The file is no JSON that can be read: ${message} at character ${this.#dropped + this.#position}.`,
    );
  }

  /** Whether text has come since the last call: items are handed on piece by piece. */
  takeNews(): boolean {
    const hasNews = this.#hasNews;
    this.#hasNews = false;
    return hasNews;
  }

  /** The next character that is no blank, '' at the end. */
  async peek(): Promise<string> {
    for (;;) {
      this.#skip(BLANK);
      if (this.#position < this.#text.length) return this.#text.charAt(this.#position);
      if (!(await this.#more(this.#position))) return '';
    }
  }

  async next(): Promise<string> {
    const char = await this.peek();
    this.#position += char.length;
    return char;
  }

  async value(): Promise<Json> {
    await this.peek();
    const length = await this.#scanValue(true);
    const text = this.#text.slice(this.#position - length, this.#position);
    try {
      return JSON.parse(text);
    } catch (error) {
      throw this.error(reasonOf(error));
    }
  }

  async skipValue(): Promise<void> {
    await this.peek();
    await this.#scanValue(false);
  }

  #skip(pattern: RegExp): void {
    pattern.lastIndex = this.#position;
    pattern.test(this.#text);
    this.#position = pattern.lastIndex;
  }

  /** Takes more text, and drops what stands before `from`; false at the end. */
  async #more(from: number): Promise<boolean> {
    const { done, value } = await this.#pieces.next();
    if (done) return false;
    this.#text = this.#text.slice(from) + value;
    this.#position -= from;
    this.#dropped += from;
    this.#hasNews = true;
    return true;
  }

  /** Steps over the value that starts here, and gives its length; what is kept can still be read then. */
  async #scanValue(isKept: boolean): Promise<number> {
    let start = this.#position;
    let depth = 0;
    let inText = false;
    const more = async () => {
      const from = isKept ? start : this.#position;
      if (isKept && this.#position - start > MAX_ITEM_BYTES) {
        throw this.error(`an item is larger than ${MAX_ITEM_BYTES} bytes`);
      }
      const hasMore = await this.#more(from);
      if (hasMore) start -= from;
      return hasMore;
    };
    for (;;) {
      if (inText) this.#skip(IN_TEXT);
      else this.#skip(depth === 0 ? SCALAR : PLAIN);
      const char = this.#text.charAt(this.#position);
      if (char === '') {
        if (await more()) continue;
        if (inText || depth > 0) throw this.error('the file ends too early');
        break;
      }
      if (inText) {
        if (char === '"') inText = false;
        else {
          // A backslash takes the next character with it, which may not be here yet.
          while (this.#position + 1 >= this.#text.length) {
            if (!(await more())) throw this.error('the file ends too early');
          }
          this.#position += 1;
        }
        this.#position += 1;
        if (!inText && depth === 0) break;
        continue;
      }
      if (depth === 0 && this.#position > start) break;
      if (char === '"') inText = true;
      else if (char === '{' || char === '[') depth += 1;
      else if (depth > 0) depth -= 1;
      else throw this.error('expected a value');
      this.#position += 1;
      if (depth === 0 && !inText) break;
    }
    return this.#position - start;
  }
}
