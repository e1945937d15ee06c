import { defineHandler } from '@sluice/lambda-kit';
import { httpEvent } from '@sluice/step-contracts';
import { createAnswerRequest } from './answer-request.ts';
import { buildDeps } from './deps.ts';
import { logLine } from './log-line.ts';

const answerRequest = createAnswerRequest(buildDeps());

export const handler = defineHandler({
  service: 'ingest-api',
  input: httpEvent,
  handle: async (event, { log, measure }) => {
    const answered = await answerRequest(event);
    const { outcome, fields } = logLine(answered);
    log(outcome, fields);
    if (answered.sums) {
      const { taken, refused, failed } = answered.sums;
      measure('RecordsAccepted', taken);
      measure('RecordsRejected', refused + failed);
    }
    return answered.response;
  },
});
