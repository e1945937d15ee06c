import { defineHandler } from '@sluice/lambda-kit';
import { processRowsInput } from '@sluice/step-contracts';
import { buildDeps } from './deps.ts';
import { processRows } from './process-rows.ts';

const depsFor = buildDeps();

/** A text in a log line is cut at 300 characters; a number of an object's row has 9 digits at most. */
const NUMBERS_IN_LINE = 30;

export const handler = defineHandler({
  service: 'process-rows',
  input: processRowsInput,
  handle: async (input, { log, measure, remainingMs }) => {
    const result = await processRows(input, {
      ...depsFor(remainingMs),
      onNotPut(all) {
        measure('RowsNotInTable', all.length);
        for (const [reason, of] of Map.groupBy(all, (one) => one.reason))
          for (let from = 0; from < of.length; from += NUMBERS_IN_LINE) {
            const rows = of.slice(from, from + NUMBERS_IN_LINE).map(({ row }) => row);
            log('rows_not_in_table', { reason, count: rows.length, rows: rows.join(' ') });
          }
      },
    });
    const { first, rows, accepted, filtered, quarantined } = result;
    log('rows_processed', { first, rows, accepted, filtered, quarantined });
    return result;
  },
});
