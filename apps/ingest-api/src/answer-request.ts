import { type Dataset, jsonSchema } from '@sluice/record-schema';
import type { HttpEvent, HttpResponse } from '@sluice/step-contracts';
import { type Answered, answered, refuse } from './answered.ts';
import type { DatasetList } from './answers.ts';
import { createRecordJudge } from './judge-record.ts';
import type { AnswerStore } from './kept-answers.ts';
import { openApiDocument } from './open-api.ts';
import { postRecords } from './post-records.ts';
import { json, type SendRecords } from './send-records.ts';
import { servedDatasets } from './served-datasets.ts';

export type { Answered } from './answered.ts';
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

export type AnswerRequest = (event: HttpEvent) => Promise<Answered>;

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
