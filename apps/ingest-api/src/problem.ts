import type { HttpResponse } from '@sluice/step-contracts';
import type { z } from 'zod';
import type { problem } from './answers.ts';

/** Every problem that a request as a whole may have. */
export const problems = {
  not_json: [400, 'The body is not one JSON document: an object, or an array of objects.'],
  invalid_body_encoding: [400, 'The body is not the base64 that it is said to be.'],
  no_records: [400, 'The body holds no record.'],
  corrupt_gzip: [400, 'The body is said to be gzipped, but is cut off, damaged or no gzip at all.'],
  bad_idempotency_key: [400, 'An Idempotency-Key is 1 to 255 visible ASCII characters.'],
  unknown_path: [404, 'There is nothing at this path; GET /datasets lists what there is.'],
  unknown_dataset: [404, 'There is no such dataset that takes JSON; GET /datasets lists them.'],
  method_not_allowed: [405, 'This path does not take this method; the Allow header names those it takes.'],
  request_in_progress: [409, 'A request with this Idempotency-Key is being worked on; ask again later.'],
  body_too_large: [413, 'The body has more than 5 MiB once it is unpacked; send fewer records at once.'],
  too_many_records: [413, 'The body has more than 500 records; send fewer at once.'],
  unsupported_content_type: [
    415,
    'Send application/json (one object, or an array), application/x-ndjson or application/jsonl, in UTF-8.',
  ],
  unsupported_content_encoding: [415, 'Send the body as it is, or gzipped with Content-Encoding: gzip.'],
  gzip_as_text: [
    415,
    'API Gateway hands application/json on as text, which no gzip survives: gzip application/x-ndjson instead.',
  ],
  no_record_taken: [422, 'None of the records is valid; `results` has the reasons of each.'],
  idempotency_key_reused: [422, 'This Idempotency-Key came with another body before; use a new one.'],
  throttled: [429, 'The stream takes no more for now; send the same again later.'],
  stream_unavailable: [503, 'The stream cannot be reached; send the same again later.'],
} as const satisfies Readonly<Record<string, readonly [status: number, detail: string]>>;

export type ProblemCode = keyof typeof problems;

/** A request that cannot be served, as a value. */
export interface Problem {
  readonly problem: ProblemCode;
  readonly headers?: Readonly<Record<string, string>>;
}

/** https://www.rfc-editor.org/rfc/rfc9110#name-status-codes */
const titles: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  422: 'Unprocessable Content',
  429: 'Too Many Requests',
  503: 'Service Unavailable',
};

type More = Partial<Omit<z.output<typeof problem>, 'type' | 'title' | 'status' | 'detail' | 'code'>>;

export const problemResponse = ({ problem: code, headers }: Problem, more: More = {}): HttpResponse => {
  const [status, detail] = problems[code];
  const body: z.output<typeof problem> = {
    type: 'about:blank',
    title: titles[status] ?? '',
    status,
    detail,
    code,
    ...more,
  };
  return {
    statusCode: status,
    headers: { 'content-type': 'application/problem+json', ...headers },
    body: JSON.stringify(body),
  };
};
