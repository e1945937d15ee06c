import { isUtf8 } from 'node:buffer';
import { type Dataset, zodSchema } from '@sluice/record-schema';
import type { MalformedCode } from '@sluice/record-transform';
import { valueSources } from '@sluice/record-transform/reading';
import type { RecordReason } from './answers.ts';
import { MAX_DEPTH, MAX_POINTER_LENGTH, MAX_REASONS, MAX_RECORD_BYTES } from './limits.ts';
import { PARTITION_KEY_LENGTH, partitionKeyOf } from './partition-key.ts';

/** A record on its way to the stream. */
export interface StreamRecord {
  readonly data: Uint8Array;
  readonly partitionKey: string;
}

export type Judgement =
  | { readonly outcome: 'valid'; readonly record: StreamRecord }
  | { readonly outcome: 'refused'; readonly reasons: readonly RecordReason[] };

export type JudgeRecord = (bytes: Buffer) => Judgement;

/** Reasons that only this API has: docs/semantics.md. */
const POSTED_CODES = ['reserved_key', 'unknown_column', 'nested_too_deep', 'record_too_large'] as const;

const refused = (code: MalformedCode | (typeof POSTED_CODES)[number], pointer = ''): Judgement => ({
  outcome: 'refused',
  reasons: [{ pointer, code }],
});

/** `""` stands for a field whose name is too long to tell, or has control characters, which JSON writes with six. */
const pointerOf = (path: readonly PropertyKey[]): string => {
  const pointer = path
    .map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1').toWellFormed()}`)
    .join('');
  return pointer.length > MAX_POINTER_LENGTH || /\p{Cc}/u.test(pointer) ? '' : pointer;
};

/**
 * Judges a record's text as the reader of raw objects will, and its values by the dataset's schema. What is valid goes
 * on as it was written, with the name of its dataset put in first and without line breaks, which end a record in a
 * raw object.
 */
export const createRecordJudge = (dataset: Dataset, datasetField: string): JudgeRecord => {
  if (dataset.fields.some((field) => field.from === datasetField))
    throw new Error(
      `The dataset ${dataset.name} has a field ${datasetField}, which names a record's dataset.`,
    );
  const schema = zodSchema(dataset);
  const prefix = `{${JSON.stringify(datasetField)}:${JSON.stringify(dataset.name)}`;
  const keepsNested = new Set(
    dataset.fields.filter((field) => field.type === 'text' && field.json).map((field) => field.from),
  );

  /** As the reader sees them: numbers and kept JSON by their texts, in which 1.10 is not 1.1. */
  const asRead = (
    record: Readonly<Record<string, unknown>>,
    sources: ReadonlyMap<string, string>,
  ): Readonly<Record<string, unknown>> => {
    const isText = (name: string, value: unknown): boolean =>
      typeof value === 'number' || (typeof value === 'object' && value !== null && keepsNested.has(name));
    // fromEntries, as assigning to `__proto__` makes no key.
    return Object.fromEntries(
      Object.entries(record).map(([name, value]) => [name, isText(name, value) ? sources.get(name) : value]),
    );
  };

  return (bytes) => {
    if (!isUtf8(bytes)) return refused('invalid_utf8');
    if (nestsDeeply(bytes)) return refused('nested_too_deep');
    const text = bytes.toString('utf8');
    const parsed = parse(text);
    if (!parsed) return refused('not_json');
    const { value } = parsed;
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return refused('not_an_object');
    if (Object.hasOwn(value, datasetField)) return refused('reserved_key', pointerOf([datasetField]));

    const sources = valueSources(text);
    const checked = schema.safeParse(asRead(value as Readonly<Record<string, unknown>>, sources)); // what JSON calls an object
    if (!checked.success) {
      const reasons = checked.error.issues.flatMap((issue) =>
        issue.code === 'unrecognized_keys'
          ? issue.keys.map((key) => ({ pointer: pointerOf([key]), code: issue.message }))
          : [{ pointer: pointerOf(issue.path), code: issue.message }],
      );
      return { outcome: 'refused', reasons: reasons.slice(0, MAX_REASONS) };
    }
    const members = text.slice(1).trimStart();
    // Outside of strings a line break is a blank, and within them JSON has none.
    const line = `${prefix}${members === '}' ? '' : ','}${members}`.replace(/[\r\n]+/g, ' ');
    const data = Buffer.from(line, 'utf8');
    if (data.length + PARTITION_KEY_LENGTH > MAX_RECORD_BYTES) return refused('record_too_large');
    return {
      outcome: 'valid',
      record: { data, partitionKey: partitionKeyOf(dataset, value, sources, line) },
    };
  };
};

const parse = (text: string): { readonly value: unknown } | null => {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return null;
  }
};

const QUOTE = 34;
const BACKSLASH = 92;

/** Whether brackets outside of strings stand in each other too deeply; of what is no JSON, it may say anything. */
const nestsDeeply = (bytes: Buffer): boolean => {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (inString) {
      if (byte === BACKSLASH) at += 1;
      else if (byte === QUOTE) inString = false;
    } else if (byte === QUOTE) inString = true;
    else if (byte === 0x7b || byte === 0x5b) {
      depth += 1;
      if (depth > MAX_DEPTH) return true;
    } else if (byte === 0x7d || byte === 0x5d) depth -= 1;
  }
  return false;
};
