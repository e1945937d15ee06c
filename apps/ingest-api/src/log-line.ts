import type { LogFields, OutcomeName } from '@sluice/lambda-kit';
import type { Answered } from './answered.ts';

/** The one line of an answer: names, counts and codes, nothing that was sent. */
export const logLine = (
  answered: Answered,
): { readonly outcome: OutcomeName; readonly fields: LogFields } => {
  const { response, dataset, problem, sums, replayed, kept } = answered;
  const fields = {
    status: response.statusCode,
    ...(dataset !== null && { dataset }),
    ...(problem !== null && { problem }),
    ...sums,
    ...(replayed && { replayed }),
    // Whoever sends this request again sends its records again.
    ...(!kept && { kept }),
  };
  if (sums)
    return { outcome: sums.refused + sums.failed === 0 ? 'records_accepted' : 'records_rejected', fields };
  return { outcome: problem === null ? 'request_answered' : 'request_refused', fields };
};
