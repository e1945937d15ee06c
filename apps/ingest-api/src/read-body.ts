import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { HttpEvent } from '@sluice/step-contracts';
import { MAX_BODY_BYTES } from './limits.ts';
import type { Problem } from './problem.ts';

/** How the records lie in a body: one document, or one record a line. */
export type BodyForm = 'document' | 'lines';

export interface Body {
  readonly form: BodyForm;
  /** Unpacked, at most `MAX_BODY_BYTES`. */
  readonly bytes: Buffer;
}

/** `application/jsonl` is what people write; the media type that is in use most is `application/x-ndjson`. */
const forms: Readonly<Record<string, BodyForm>> = {
  'application/json': 'document',
  'application/x-ndjson': 'lines',
  'application/jsonl': 'lines',
};

const inflate = promisify(gunzip);

/** The bytes of a request's body, or what is wrong with it. */
export const readBody = async ({ headers, body, isBase64Encoded }: HttpEvent): Promise<Body | Problem> => {
  const form = formOf(headers['content-type'] ?? '');
  if (form === null)
    return { problem: 'unsupported_content_type', headers: { accept: Object.keys(forms).join(', ') } };
  const encoding = (headers['content-encoding'] ?? '').trim().toLowerCase();
  const isGzip = encoding === 'gzip' || encoding === 'x-gzip';
  if (!isGzip && encoding !== '' && encoding !== 'identity')
    return { problem: 'unsupported_content_encoding', headers: { 'accept-encoding': 'gzip, identity' } };

  const text = body ?? '';
  if (isBase64Encoded && !isBase64(text)) return { problem: 'invalid_body_encoding' };
  const sent = Buffer.from(text, isBase64Encoded ? 'base64' : 'utf8');
  if (sent.length === 0) return { problem: 'no_records' };
  if (!isGzip) return sent.length > MAX_BODY_BYTES ? { problem: 'body_too_large' } : { form, bytes: sent };
  if (!isBase64Encoded) return { problem: 'gzip_as_text' };
  try {
    return { form, bytes: await inflate(sent, { maxOutputLength: MAX_BODY_BYTES }) };
  } catch (error) {
    const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
    if (code === 'ERR_BUFFER_TOO_LARGE') return { problem: 'body_too_large' };
    if (code.startsWith('Z_')) return { problem: 'corrupt_gzip' };
    throw error;
  }
};

const formOf = (contentType: string): BodyForm | null => {
  const [type = '', ...parameters] = contentType.split(';').map((part) => part.trim().toLowerCase());
  if (!Object.hasOwn(forms, type)) return null;
  const charset = parameters.find((one) => one.startsWith('charset='))?.slice('charset='.length);
  const isUtf8 = charset === undefined || /^"?(?:utf-?8|us-ascii)"?$/.test(charset);
  return isUtf8 ? (forms[type] ?? null) : null;
};

/** `Buffer.from` skips what is no base64. */
const isBase64 = (text: string): boolean => text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text);
