import type { Dataset } from '@sluice/record-schema';
import type { HttpEvent } from '@sluice/step-contracts';
import { type Answered, answered, refuse } from './answered.ts';
import type { Judgement, JudgeRecord } from './judge-record.ts';
import { type AnswerStore, claimRequest } from './kept-answers.ts';
import { readBody } from './read-body.ts';
import { type SendRecords, sendRecords } from './send-records.ts';
import { splitRecords } from './split-records.ts';

interface PostRecordsDeps {
  readonly send: SendRecords;
  readonly answers: AnswerStore;
}

/** Judges what was posted, sends what is valid, and answers for each record; once for each Idempotency-Key. */
export const postRecords = async (
  event: HttpEvent,
  dataset: Dataset,
  judge: JudgeRecord,
  { send, answers }: PostRecordsDeps,
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
