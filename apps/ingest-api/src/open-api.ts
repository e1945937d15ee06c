import { type Dataset, jsonSchema, zodSchema } from '@sluice/record-schema';
import { z } from 'zod';
import { allTaken, datasetList, problem, someTaken } from './answers.ts';
import { MAX_BODY_BYTES, MAX_RECORDS } from './limits.ts';
import { problems } from './problem.ts';

type Json = Readonly<Record<string, unknown>>;

const schemaOf = (schema: z.ZodType): Json => withoutDialect(z.toJSONSchema(schema));

/** The document names the dialect once for all. */
const withoutDialect = ({ $schema, ...schema }: Json): Json => schema;

const ref = (kind: string, name: string): Json => ({ $ref: `#/components/${kind}/${name}` });

const header = (description: string, schema: Json): Json => ({ description, schema });
const retryAfter = { 'Retry-After': header('Seconds.', { type: 'string', pattern: '^[0-9]+$' }) };
const allow = { Allow: header('The methods that the path takes.', { type: 'string' }) };
const replayed = {
  'Idempotency-Replayed': header('It is the answer of an earlier request with this Idempotency-Key.', {
    const: 'true',
  }),
};

const problemResponse = (status: number, headers: Json = {}): Json => {
  const codes = Object.entries(problems).filter(([, [of]]) => of === status);
  return {
    description: codes.map(([code, [, detail]]) => `\`${code}\`: ${detail}`).join('\n\n'),
    ...(Object.keys(headers).length > 0 && { headers }),
    content: { 'application/problem+json': { schema: ref('schemas', 'Problem') } },
  };
};

const responses = {
  400: problemResponse(400),
  405: problemResponse(405, allow),
  409: problemResponse(409, retryAfter),
  413: problemResponse(413),
  415: problemResponse(415),
  422: problemResponse(422),
  429: problemResponse(429, retryAfter),
  503: problemResponse(503, retryAfter),
};

const idempotencyKey = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description:
    'Visible ASCII. The same key with the same body gets the answer of the first request, and sends nothing again.',
  schema: { type: 'string', pattern: '^[!-~]{1,255}$' },
  example: 'd0b0d8a2-order-export-17',
};

const postRecords = (dataset: Dataset): Json => {
  const record = exampleOf(dataset);
  const list = { type: 'array', minItems: 1, maxItems: MAX_RECORDS, items: ref('schemas', dataset.name) };
  const document = {
    schema: { oneOf: [ref('schemas', dataset.name), list] },
    examples: { one: { value: record }, several: { value: [record, record] } },
  };
  const lines = {
    schema: { type: 'string', minLength: 1 },
    example: `${JSON.stringify(record)}\n${JSON.stringify(record)}\n`,
  };
  return {
    operationId: `post_${dataset.name}_records`,
    summary: `Sends records of ${dataset.name}.`,
    description:
      `At most ${MAX_RECORDS} records and ${MAX_BODY_BYTES} bytes, unpacked. Each record has an answer of its own. ` +
      'What is taken is in the stream, and goes on to the lake from there. Lines may be gzipped, with Content-Encoding: gzip. ' +
      'What this schema cannot say of a text, such as the format of a date, its description says; a text that breaks it is refused, too.',
    parameters: [ref('parameters', 'IdempotencyKey')],
    requestBody: {
      required: true,
      content: {
        'application/json': document,
        'application/x-ndjson': lines,
        'application/jsonl': lines,
      },
    },
    responses: {
      202: {
        description: 'Every record is in the stream.',
        headers: replayed,
        content: { 'application/json': { schema: ref('schemas', 'AllTaken') } },
      },
      207: {
        description:
          'Some records are in the stream. `refused` ones are not valid; `failed` ones may be sent again, in a request of their own.',
        headers: { ...replayed, ...retryAfter },
        content: { 'application/json': { schema: ref('schemas', 'SomeTaken') } },
      },
      ...refs([400, 405, 409, 413, 415, 422, 429, 503]),
    },
  };
};

const refs = (statuses: readonly number[]): Json =>
  Object.fromEntries(statuses.map((status) => [status, ref('responses', String(status))]));

const get = (operationId: string, summary: string, mediaType: string, schema: Json): Json => ({
  operationId,
  summary,
  responses: {
    200: { description: summary, content: { [mediaType]: { schema } } },
    ...refs([405]),
  },
});

/** A valid record: of each field the first of a few plain values that it takes; a field that takes none is left out. */
export const exampleOf = (dataset: Dataset): Readonly<Record<string, unknown>> => {
  const schema = zodSchema(dataset);
  const plain = [
    'A-17',
    'ABC',
    12.5,
    12,
    '12.50',
    true,
    '2026-01-31',
    '2026-01-31 23:59:59',
    '2026-01-31T23:59:59Z',
  ];
  const examples = dataset.fields.flatMap((field) => {
    const values = field.type === 'text' ? [...(field.oneOf ?? []), ...plain] : plain;
    const value = values.find((one) => {
      const issues = schema.safeParse({ [field.from]: one }).error?.issues ?? [];
      return issues.every(({ path }) => path[0] !== field.from);
    });
    return value === undefined ? [] : [[field.from, value] as const];
  });
  return Object.fromEntries(examples);
};

/** The API as OpenAPI 3.1, made from the datasets and from what the answers are. */
export const openApiDocument = (datasets: ReadonlyMap<string, Dataset>): Json => {
  const all = [...datasets.values()];
  const paths = all.flatMap((dataset): [string, Json][] => [
    [
      `/datasets/${dataset.name}`,
      {
        get: get(
          `get_${dataset.name}`,
          `The JSON Schema of a record of ${dataset.name}.`,
          'application/schema+json',
          { type: 'object' },
        ),
      },
    ],
    [`/datasets/${dataset.name}/records`, { post: postRecords(dataset) }],
  ]);
  return {
    openapi: '3.1.0',
    info: {
      title: 'Sluice',
      version: '1',
      description:
        'Takes records of datasets, one by one or many at once, into the stream that leads to the lake. ' +
        'What API Gateway answers by itself (401, 403, 404 of unknown routes, 413, 429, 500, 503) is `{"message": "…"}`.',
    },
    jsonSchemaDialect: 'https://json-schema.org/draft/2020-12/schema',
    paths: {
      '/datasets': {
        get: get(
          'list_datasets',
          'The datasets that there are.',
          'application/json',
          ref('schemas', 'DatasetList'),
        ),
      },
      '/openapi.json': { get: get('get_open_api', 'This document.', 'application/json', { type: 'object' }) },
      ...Object.fromEntries(paths),
    },
    components: {
      parameters: { IdempotencyKey: idempotencyKey },
      responses,
      schemas: {
        AllTaken: schemaOf(allTaken),
        SomeTaken: schemaOf(someTaken),
        Problem: schemaOf(problem),
        DatasetList: schemaOf(datasetList),
        ...Object.fromEntries(all.map((dataset) => [dataset.name, withoutDialect(jsonSchema(dataset))])),
      },
    },
  };
};
