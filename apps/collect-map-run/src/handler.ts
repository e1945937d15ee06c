import { defineHandler } from '@sluice/lambda-kit';
import { collectMapRunInput } from '@sluice/step-contracts';
import { collectMapRun } from './collect-map-run.ts';
import { buildDeps } from './deps.ts';
import { MapRunIncomplete } from './map-results.ts';

const deps = buildDeps();

export const handler = defineHandler({
  service: 'collect-map-run',
  input: collectMapRunInput,
  handle: async (input, { log, measure }) => {
    const { quality, ...rest } = await collectMapRun(input, deps).catch((error: unknown) => {
      if (error instanceof MapRunIncomplete) log('map_run_incomplete', { why: error.message });
      throw error;
    });
    if ('refusal' in quality) {
      log('object_refused', { code: quality.refusal.code });
      measure('ObjectsRefused', 1);
      return { quality };
    }
    const { score, threshold, rowsIn, passed } = quality;
    log(passed ? 'map_run_collected' : 'quality_below_threshold', { score, threshold, rowsIn });
    measure('QualityScore', score);
    measure('RowsIn', rowsIn);
    if ('transform' in rest) {
      const { accepted, filtered, duplicates, quarantined } = rest.transform.counts;
      measure('RowsAccepted', accepted);
      measure('RowsFiltered', filtered);
      measure('RowsDuplicate', duplicates);
      measure('RowsQuarantined', quarantined);
    }
    return { quality, ...rest };
  },
});
