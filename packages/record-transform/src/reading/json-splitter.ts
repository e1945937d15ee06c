import { Buffer } from 'node:buffer';
import { RefusedObject } from '../outcome.ts';
import { MAX_ROW_BYTES, rowTooLarge } from './row-limits.ts';

const QUOTE = 34;
const BACKSLASH = 92;
const COMMA = 44;
const OPEN_ARRAY = 91;
const CLOSE_ARRAY = 93;
const OPEN_OBJECT = 123;
const CLOSE_OBJECT = 125;
const LF = 10;

const isBlank = (byte: number): boolean => byte === 32 || byte === 9 || byte === LF || byte === 13;

export const brokenArray = (where: string): RefusedObject =>
  new RefusedObject('broken_array', `the JSON array is broken ${where}`);

type JsonForm = 'array' | 'lines';

export interface JsonSplitter {
  push(chunk: Uint8Array): void;
  /** Returns which form the object had; null: there was nothing but blanks. */
  end(): JsonForm | null;
}

/**
 * Cuts a JSON object into the texts of its rows: the elements of an array, or the lines that are not blank. It is
 * an array if the first byte that is no blank is `[`. An array's elements are not checked here, what is between
 * them is. A BOM must have been dropped.
 *
 * Throws `RefusedObject`: `broken_array`, `row_too_large`.
 */
export const createJsonSplitter = (onText: (text: Buffer, form: JsonForm) => void): JsonSplitter => {
  let form: JsonForm | null = null;
  /** The beginning of an unfinished row. */
  let parts: Buffer[] = [];
  let partBytes = 0;
  let texts = 0;
  let passed = 0;

  // In an array: where between or within elements we are.
  let place: 'before' | 'within' | 'behind' = 'before';
  let depth = 0;
  let inString = false;
  let escaped = false;

  const emit = (bytes: Buffer, from: number, to: number): void => {
    texts += 1;
    if (partBytes + to - from > MAX_ROW_BYTES) throw rowTooLarge(texts, passed + from - partBytes);
    const last = bytes.subarray(from, to);
    onText(parts.length === 0 ? last : Buffer.concat([...parts, last]), form ?? 'lines');
    parts = [];
    partBytes = 0;
  };

  const keep = (bytes: Buffer, from: number): void => {
    if (from >= bytes.length) return;
    partBytes += bytes.length - from;
    if (partBytes > MAX_ROW_BYTES) throw rowTooLarge(texts + 1, passed + bytes.length - partBytes);
    parts.push(Buffer.from(bytes.subarray(from)));
  };

  const emitLine = (bytes: Buffer, from: number, to: number): void => {
    if (parts.length === 0) {
      let at = from;
      while (at < to && isBlank(bytes[at] ?? 0)) at += 1;
      if (at === to) return;
    } else if ([...parts, bytes.subarray(from, to)].every((part) => part.every(isBlank))) {
      parts = [];
      partBytes = 0;
      return;
    }
    emit(bytes, from, to);
  };

  const pushLines = (bytes: Buffer, start: number): void => {
    let from = start;
    for (let to = bytes.indexOf(LF, from); to >= 0; to = bytes.indexOf(LF, from)) {
      emitLine(bytes, from, to);
      from = to + 1;
    }
    keep(bytes, from);
  };

  const pushArray = (bytes: Buffer, start: number): void => {
    let from = start;
    for (let i = start; i < bytes.length; i += 1) {
      const byte = bytes[i] ?? 0;
      if (place === 'within') {
        if (inString) {
          if (escaped) escaped = false;
          else if (byte === BACKSLASH) escaped = true;
          else if (byte === QUOTE) inString = false;
        } else if (byte === QUOTE) {
          inString = true;
        } else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
          depth += 1;
        } else if (depth > 0) {
          if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) depth -= 1;
        } else if (byte === COMMA || byte === CLOSE_ARRAY) {
          emit(bytes, from, i);
          place = byte === COMMA ? 'before' : 'behind';
        }
      } else if (!isBlank(byte)) {
        if (place === 'behind') throw brokenArray(`: there is more behind its end, at byte ${passed + i}`);
        if (byte === CLOSE_ARRAY && texts === 0) {
          place = 'behind';
        } else if (byte === COMMA || byte === CLOSE_ARRAY) {
          throw brokenArray(`at byte ${passed + i}: an element is missing`);
        } else {
          place = 'within';
          from = i;
          i -= 1;
        }
      }
    }
    if (place === 'within') keep(bytes, from);
  };

  const push = (chunk: Uint8Array): void => {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
    let at = 0;
    if (form === null) {
      while (at < bytes.length && isBlank(bytes[at] ?? 0)) at += 1;
      if (at < bytes.length) {
        form = bytes[at] === OPEN_ARRAY ? 'array' : 'lines';
        if (form === 'array') at += 1;
      }
    }
    if (form === 'array') pushArray(bytes, at);
    else if (form === 'lines') pushLines(bytes, at);
    passed += bytes.length;
  };

  const end = (): JsonForm | null => {
    if (form === 'array' && place !== 'behind') throw brokenArray('off: its closing bracket is missing');
    if (form === 'lines') emitLine(Buffer.alloc(0), 0, 0);
    return form;
  };

  return { push, end };
};
