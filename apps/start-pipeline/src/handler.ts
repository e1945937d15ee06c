import { defineHandler } from '@sluice/lambda-kit';
import { sqsEvent } from '@sluice/step-contracts';
import { buildDeps } from './deps.ts';
import { startPipeline } from './start-pipeline.ts';

const deps = buildDeps();

export const handler = defineHandler({
  service: 'start-pipeline',
  input: sqsEvent,
  handle: async (event, { log, measure }) => {
    const { arrivals, response } = await startPipeline(event, deps);
    for (const arrival of arrivals) {
      switch (arrival.outcome) {
        case 'started': {
          const { runId, dataset, object } = arrival.run;
          log('execution_started', { runId, dataset, workflow: arrival.workflow });
          measure('RunsStarted', 1);
          measure('BytesIn', object.size);
          break;
        }
        case 'exists':
          log('execution_exists', { runId: arrival.run.runId, dataset: arrival.run.dataset });
          break;
        case 'ignored':
          log('object_ignored', { reason: arrival.reason, key: arrival.key });
          break;
        case 'failed':
          log('object_not_started', { reason: arrival.reason, key: arrival.key, error: arrival.error });
          break;
      }
    }
    return response;
  },
});
