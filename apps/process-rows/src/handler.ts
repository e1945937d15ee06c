import { defineHandler } from '@sluice/lambda-kit';
import { processRowsInput } from '@sluice/step-contracts';
import { buildDeps } from './deps.ts';
import { processRows } from './process-rows.ts';

const depsFor = buildDeps();

export const handler = defineHandler({
  service: 'process-rows',
  input: processRowsInput,
  handle: async (input, { log, remainingMs }) => {
    const result = await processRows(input, depsFor(remainingMs));
    const { first, rows, accepted, filtered, quarantined } = result;
    log('rows_processed', { first, rows, accepted, filtered, quarantined });
    return result;
  },
});
