import { createHmac } from 'node:crypto';
import { originOf } from '@sluice/record-transform/batches';
import type { RunInput } from '@sluice/step-contracts';
import type { JournalHeader } from '../lake/run-journal.ts';
import type { ObjectRequest } from './execute-run.ts';

/** What decides about rows beside the object: a redrive with anything else would mix rows that do not belong together. */
export const inputsOf = (
  { dataset, pseudonymKey }: Pick<ObjectRequest, 'dataset' | 'pseudonymKey'>,
  { runId, asOf }: RunInput,
): Pick<JournalHeader, 'origin' | 'pseudonymKeyId'> => {
  const usesKey = JSON.stringify(dataset).includes('"op":"pseudonym"');
  return {
    origin: originOf(dataset, asOf),
    pseudonymKeyId:
      usesKey && pseudonymKey !== undefined
        ? createHmac('sha256', pseudonymKey).update(runId).digest('hex').slice(0, 16)
        : null,
  };
};
