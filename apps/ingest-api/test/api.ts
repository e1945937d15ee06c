import { datasets as ours } from '@sluice/datasets';
import { memoryStore } from '@sluice/lake-storage/memory';
import { type Dataset, defineDataset, double, integer, text } from '@sluice/record-schema';
import { type HttpEvent, httpEvent } from '@sluice/step-contracts';
import { z } from 'zod';
import { type AnswerRequestDeps, createAnswerRequest, type SendRecords } from '../src/answer-request.ts';
import { allTaken, problem, someTaken } from '../src/answers.ts';
import type { StreamRecord } from '../src/judge-record.ts';

export const strict = defineDataset({
  name: 'strict',
  source: { unknownColumns: 'reject' },
  fields: {
    id: integer({ required: true }),
    amount: double(),
    notes: text({ json: true }),
    a_b: text({ from: 'a/b~c' }),
  },
  key: ['id'],
});

export const datasets: ReadonlyMap<string, Dataset> = new Map([...ours, [strict.name, strict]]);

export interface Sent {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  readonly authorizer?: unknown;
}

/** As API Gateway hands it over: bytes in base64, a text as it is. */
export const eventOf = ({
  method = 'POST',
  path = '/datasets/orders/records',
  headers = {},
  body,
  authorizer,
}: Sent): HttpEvent =>
  httpEvent.parse({
    version: '2.0',
    rawPath: path,
    headers: { 'content-type': 'application/json', ...headers },
    ...(body !== undefined && {
      body: typeof body === 'string' ? body : Buffer.from(body).toString('base64'),
    }),
    isBase64Encoded: body instanceof Uint8Array,
    requestContext: { http: { method }, ...(authorizer !== undefined && { authorizer }) },
  });

const bodies: Readonly<Record<string, z.ZodType>> = {
  'application/json': z.union([allTaken, someTaken]),
  'application/problem+json': problem,
};

/** The API over a stream that takes everything, unless told otherwise, and an empty store. */
export const startApi = (deps: Partial<AnswerRequestDeps> = {}) => {
  const stream: StreamRecord[] = [];
  const send: SendRecords = async (records) => {
    stream.push(...records);
    return records.map(() => ({ outcome: 'sent' }));
  };
  const objects = memoryStore();
  const answerRequest = createAnswerRequest({
    datasets,
    datasetField: '_dataset',
    send,
    answers: { objects, curatedBucket: 'curated', now: Date.now, claimMs: 60_000 },
    ...deps,
  });
  return {
    objects,
    stream,
    /** The records of the stream as texts. */
    lines: () => stream.map(({ data }) => Buffer.from(data).toString('utf8')),
    answerRequest,
    /** Its answer, the body parsed and held to the contract. */
    async post(sent: Sent) {
      const answered = await answerRequest(eventOf(sent));
      const { statusCode, headers = {}, body = '' } = answered.response;
      const contract = bodies[headers['content-type'] ?? ''];
      if (!contract) throw new Error(`No contract for ${headers['content-type']}`);
      return { status: statusCode, headers, body: contract.parse(JSON.parse(body)), answered };
    },
  };
};
