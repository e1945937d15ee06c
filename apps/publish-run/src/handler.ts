import { defineHandler } from '@sluice/lambda-kit';
import { publishRunInput, rejectRunInput } from '@sluice/step-contracts';
import { z } from 'zod';
import { buildDeps } from './deps.ts';
import { publishRun } from './publish-run.ts';
import { rejectRun } from './reject-run.ts';

const deps = buildDeps();

export const handler = defineHandler({
  service: 'publish-run',
  input: z.discriminatedUnion('action', [publishRunInput, rejectRunInput]),
  handle: async (input, { log, measure }) => {
    if (input.action === 'reject') {
      const result = await rejectRun(input, deps);
      log('run_rejected', { gate: result.gate, code: result.code });
      measure('RunsRejected', 1);
      return result;
    }
    const result = await publishRun(input, deps);
    const { rowsIn, accepted, filtered, duplicates, quarantined } = result.counts;
    log('run_published', result.counts);
    measure('RunsPublished', 1);
    // S3's clock and this one may disagree by more than a small object takes.
    measure('SecondsToPublish', Math.max(0, Date.now() - Date.parse(input.asOf)) / 1000);
    measure('RowsIn', rowsIn);
    measure('RowsAccepted', accepted);
    measure('RowsFiltered', filtered);
    measure('RowsDuplicate', duplicates);
    measure('RowsQuarantined', quarantined);
    return result;
  },
});
