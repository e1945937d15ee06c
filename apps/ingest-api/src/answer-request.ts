import { type Dataset, jsonSchema } from '@sluice/record-schema';
import type { HttpEvent, HttpResponse } from '@sluice/step-contracts';
import type { DatasetList } from './answers.ts';
import { createRecordJudge, type Judgement, type JudgeRecord } from './judge-record.ts';
import { type AnswerStore, claimRequest } from './kept-answers.ts';
import { openApiDocument } from './open-api.ts';
import { type Problem, type ProblemCode, problemResponse } from './problem.ts';
import { readBody } from './read-body.ts';
import { json, type RecordSums, type SendRecords, sendRecords } from './send-records.ts';
import { servedDatasets } from './served-datasets.ts';
import { splitRecords } from './split-records.ts';

export type { AnswerStore } from './kept-answers.ts';
export type { SendRecords, SendResult } from './send-records.ts';

export interface AnswerRequestDeps {
  /** Of which those are served that take JSON. */
  readonly datasets: ReadonlyMap<string, Dataset>;
  /** The key that names a record's dataset to the stream's consumer; no record that is sent may have it. */
  readonly datasetField: string;
  readonly send: SendRecords;
  /** For requests with an Idempotency-Key. */
  readonly answers: AnswerStore;
}

/** An answer, and what a log may tell of it. */
export interface Answered {
  readonly response: HttpResponse;
  /** Null unless it is one of ours. */
  readonly dataset: string | null;
  /** Null of what was not a problem. */
  readonly problem: ProblemCode | null;
  /** Null if no record was judged. */
  readonly sums: RecordSums | null;
  /** The answer of an earlier request with the same Idempotency-Key. */
  readonly replayed: boolean;
  /** False: there was an Idempotency-Key, but the answer could not be kept for it. */
  readonly kept: boolean;
}

export type AnswerRequest = (event: HttpEvent) => Promise<Answered>;

const answered = (response: HttpResponse, more: Partial<Omit<Answered, 'response'>> = {}): Answered => ({
  response,
  dataset: null,
  problem: null,
  sums: null,
  replayed: false,
  kept: true,
  ...more,
});

const refuse = (problem: Problem, dataset: string | null = null): Answered =>
  answered(problemResponse(problem), { dataset, problem: problem.problem });

/** Answers requests of the HTTP API. Whatever a caller can do wrong is an answer; faults of ours throw. */
export const createAnswerRequest = (deps: AnswerRequestDeps): AnswerRequest => {
  // Compiled at the cold start, which is also where a dataset that does not fit the field's name fails.
  const datasets = servedDatasets(deps.datasets);
  const served = new Map(
    [...datasets.values()].map((dataset) => [
      dataset.name,
      { dataset, judge: createRecordJudge(dataset, deps.datasetField) },
    ]),
  );
  let openApi: HttpResponse | null = null;

  const get = (resource: string, dataset: Dataset | null): Answered => {
    if (dataset) {
      const headers = { 'content-type': 'application/schema+json' };
      return answered(json(200, jsonSchema(dataset), headers), { dataset: dataset.name });
    }
    if (resource === 'datasets') return answered(json(200, listOf(datasets)));
    openApi ??= json(200, openApiDocument(datasets));
    return answered(openApi);
  };

  return async (event) => {
    const route = routeOf(pathOf(event));
    if (!route) return refuse({ problem: 'unknown_path' });
    const found = route.dataset === null ? null : served.get(route.dataset);
    if (found === undefined) return refuse({ problem: 'unknown_dataset' });

    const methods = route.resource === 'records' ? ['POST', 'OPTIONS'] : ['GET', 'HEAD', 'OPTIONS'];
    const { method } = event.requestContext.http;
    const allow = { allow: methods.join(', ') };
    if (!methods.includes(method)) return refuse({ problem: 'method_not_allowed', headers: allow });
    if (method === 'OPTIONS') return answered({ statusCode: 204, headers: allow });
    if (found && method === 'POST') return postRecords(event, found.dataset, found.judge, deps);
    const answer = get(route.resource, found?.dataset ?? null);
    if (method === 'GET') return answer;
    const { body, ...head } = answer.response;
    return { ...answer, response: head };
  };
};

const postRecords = async (
  event: HttpEvent,
  dataset: Dataset,
  judge: JudgeRecord,
  { send, answers }: AnswerRequestDeps,
): Promise<Answered> => {
  const idempotencyKey = event.headers['idempotency-key'];
  if (idempotencyKey !== undefined && !/^[!-~]{1,255}$/.test(idempotencyKey))
    return refuse({ problem: 'bad_idempotency_key' }, dataset.name);
  const body = await readBody(event);
  if ('problem' in body) return refuse(body, dataset.name);
  const records = splitRecords(body);
  if ('problem' in records) return refuse(records, dataset.name);
  const judged = records.map(judge);
  // A line stands for itself; within a document nobody can tell where the next record begins.
  if (body.form === 'document' && judged.some(isNotJson))
    return refuse({ problem: 'not_json' }, dataset.name);

  const take = async (): Promise<Answered> => {
    const { response, sums, problem } = await sendRecords(dataset.name, judged, send);
    return answered(response, { dataset: dataset.name, problem, sums });
  };
  const sendsNothing = judged.every(({ outcome }) => outcome === 'refused');
  if (idempotencyKey === undefined || sendsNothing) return take();

  const request = { dataset: dataset.name, caller: callerOf(event), idempotencyKey, body: body.bytes };
  const claim = await claimRequest(request, answers);
  switch (claim.outcome) {
    case 'answered': {
      const headers = { ...claim.response.headers, 'idempotency-replayed': 'true' };
      return answered({ ...claim.response, headers }, { dataset: dataset.name, replayed: true });
    }
    case 'other_body':
      return refuse({ problem: 'idempotency_key_reused' }, dataset.name);
    case 'in_progress': {
      const headers = { 'retry-after': String(Math.max(1, Math.ceil(claim.retryAfterMs / 1000))) };
      return refuse({ problem: 'request_in_progress', headers }, dataset.name);
    }
    case 'claimed': {
      const answer = await take();
      // What is in the stream is in the stream, whether or not we can write that down.
      const kept = await (answer.sums?.taken ? claim.keep(answer.response) : claim.release()).catch(
        () => false,
      );
      return { ...answer, kept };
    }
  }
};

const isNotJson = (one: Judgement): boolean =>
  one.outcome === 'refused' && one.reasons.some(({ code }) => code === 'not_json');

/** Of a role whoever assumes it, since its sessions have a new name each. */
const callerOf = ({ requestContext: { authorizer } }: HttpEvent): string => {
  const arn = authorizer?.iam?.userArn;
  if (arn !== undefined) return `iam ${arn.replace(/^(arn:[^:]+:sts::.*:assumed-role\/[^/]+)\/.*$/, '$1')}`;
  const claims = authorizer?.jwt?.claims;
  return claims ? `jwt ${JSON.stringify([claims.iss, claims.sub ?? claims.client_id])}` : 'anybody';
};

interface Route {
  readonly resource: 'datasets' | 'dataset' | 'records' | 'openapi';
  readonly dataset: string | null;
}

const routeOf = (path: string): Route | null => {
  if (path === '/datasets') return { resource: 'datasets', dataset: null };
  if (path === '/openapi.json') return { resource: 'openapi', dataset: null };
  const [, dataset, records] = /^\/datasets\/([^/]+)(\/records)?$/.exec(path) ?? [];
  return dataset === undefined ? null : { resource: records ? 'records' : 'dataset', dataset };
};

/** Without the stage, which stands in front unless it is the default one. */
const pathOf = ({ rawPath, requestContext: { stage } }: HttpEvent): string => {
  const prefix = `/${stage}/`;
  return stage !== '$default' && rawPath.startsWith(prefix) ? rawPath.slice(prefix.length - 1) : rawPath;
};

const listOf = (datasets: ReadonlyMap<string, Dataset>): DatasetList => ({
  datasets: [...datasets.values()].map(({ name, doc }) => ({
    name,
    description: doc,
    schema: `/datasets/${name}`,
    records: `/datasets/${name}/records`,
  })),
});
