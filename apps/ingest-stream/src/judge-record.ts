import { gunzipSync } from 'node:zlib';
import type { Dataset } from '@sluice/record-schema';
import {
  createRecordCheck,
  jsonMembers,
  MAX_ROW_BYTES,
  objectIn,
  parseJson,
  type RecordFault,
} from '@sluice/record-transform/reading';

/** Why a record is in quarantine, beside the reasons that a row of its dataset may have. */
const RECORD_CODES = [
  'corrupt_gzip',
  'record_too_large',
  'no_dataset',
  'unknown_dataset',
  'wrong_format',
  'unknown_column',
] as const;
export type RecordCode = RecordFault['code'] | (typeof RECORD_CODES)[number];

/** What says to which dataset a record belongs: the stream, or a key of the record. */
export type DatasetBy = { readonly dataset: string } | { readonly field: string };

export type Judgement =
  /** `line`: one line of JSON, every value as it was written. */
  | {
      readonly outcome: 'readable';
      readonly dataset: string;
      readonly line: string;
      readonly content: Buffer;
    }
  | {
      readonly outcome: 'unreadable';
      /** Null: it names none, or one that is not known. */
      readonly dataset: string | null;
      readonly field: string | null;
      readonly code: RecordCode;
      /** Unpacked; null: it cannot be. */
      readonly content: Buffer | null;
    };

const BOM = '\ufeff';

/** `room`: how many bytes it may have once it is unpacked. */
export type JudgeRecord = (data: Buffer, room: number) => Judgement;

/**
 * Judges records by the reading rules alone, so that no object made of the readable ones is ever refused for what one of
 * them is; values are for those who judge rows.
 */
export const createRecordJudge = (
  findDataset: (name: string) => Dataset | undefined,
  by: DatasetBy,
): JudgeRecord => {
  const checks = new Map<string, (text: string) => RecordFault | null>();
  const checkOf = (dataset: Dataset) => {
    const check = checks.get(dataset.name) ?? createRecordCheck(dataset);
    checks.set(dataset.name, check);
    return check;
  };
  // Of a stream with one dataset everything is that dataset's, what cannot be read too.
  const dataset = 'dataset' in by ? by.dataset : null;

  return (data, room) => {
    const content = unpacked(data, Math.min(room, MAX_ROW_BYTES));
    if (typeof content === 'string')
      return { outcome: 'unreadable', dataset, field: null, code: content, content: null };
    const unreadable = (code: RecordCode, field: string | null = null, name = dataset): Judgement => ({
      outcome: 'unreadable',
      dataset: name,
      field,
      code,
      content,
    });
    const decoded = content.toString('utf8');
    const text = decoded.startsWith(BOM) ? decoded.slice(1) : decoded;
    const found = objectIn(content, parseJson(text));
    if (typeof found === 'string') return unreadable(found);

    const named = 'field' in by ? ownValue(found.object, by.field) : by.dataset;
    const field = 'field' in by ? by.field : null;
    if (typeof named !== 'string') return unreadable('no_dataset', field);
    const definition = findDataset(named);
    if (!definition) return unreadable('unknown_dataset', field);
    if (!definition.source.formats.includes('json')) return unreadable('wrong_format', null, definition.name);

    const line = onOneLine(field === null ? text.trim() : withoutMember(text, field));
    const fault = checkOf(definition)(line);
    if (fault) return unreadable(fault.code, fault.field, definition.name);
    return { outcome: 'readable', dataset: definition.name, line, content };
  };
};

/** The record's bytes, gunzipped if they are gzip. */
const unpacked = (data: Buffer, maxBytes: number): Buffer | 'corrupt_gzip' | 'record_too_large' => {
  const isPacked = data[0] === 0x1f && data[1] === 0x8b;
  if (!isPacked) return data.length > maxBytes ? 'record_too_large' : data;
  // zlib takes no limit of 0.
  if (maxBytes < 1) return 'record_too_large';
  try {
    return gunzipSync(data, { maxOutputLength: maxBytes });
  } catch (error) {
    const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
    if (code === 'ERR_BUFFER_TOO_LARGE') return 'record_too_large';
    if (code.startsWith('Z_')) return 'corrupt_gzip';
    throw error;
  }
};

const ownValue = (object: Readonly<Record<string, unknown>>, key: string): unknown =>
  Object.hasOwn(object, key) ? object[key] : undefined;

const withoutMember = (text: string, key: string): string => {
  const kept: string[] = [];
  for (const member of jsonMembers(text)) if (member.key !== key) kept.push(member.source);
  return `{${kept.join(',')}}`;
};

/** Outside of strings a line break is a blank, and within them JSON has none. */
const onOneLine = (json: string): string => json.replace(/[\r\n]+/g, ' ');
