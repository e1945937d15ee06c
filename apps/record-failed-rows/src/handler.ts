import { defineHandler } from '@sluice/lambda-kit';
import { recordFailedRowsInput } from '@sluice/step-contracts';
import { buildDeps } from './deps.ts';
import { recordFailedRows } from './record-failed-rows.ts';

const deps = buildDeps();

export const handler = defineHandler({
  service: 'record-failed-rows',
  input: recordFailedRowsInput,
  handle: async (input, { log, measure }) => {
    const result = await recordFailedRows(input, deps);
    const { first, rows } = result;
    if (result.handled === 'processed') {
      log('rows_processed', { first, rows });
      return result;
    }
    log('rows_recorded_as_failed', { first, rows, error: input.error });
    measure('MapItemsFailed', rows);
    return result;
  },
});
