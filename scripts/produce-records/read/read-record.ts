/** Why a record of the input is not even offered to the stream. */
export type ReadingFault =
  | 'invalid_utf8'
  | 'not_json'
  | 'not_an_object'
  | 'wrong_field_count'
  | 'not_a_value'
  | 'too_large';

/** A record of the input, by its number from 1: a JSON object's text, or why there is none. */
export type ReadRecord =
  | { readonly number: number; readonly json: string }
  | { readonly number: number; readonly fault: ReadingFault };

/**
 * No stream takes more in a record: 10 MiB where the limit was raised, 1 MiB elsewhere. Longer ones are not even kept.
 * https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html
 */
export const MAX_RECORD_BYTES = 10 * 1024 * 1024;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Null if the bytes are not UTF-8. */
export const textOf = (bytes: Uint8Array): string | null => {
  try {
    return utf8.decode(bytes);
  } catch {
    return null;
  }
};
