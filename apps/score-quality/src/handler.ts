import { defineHandler } from '@sluice/lambda-kit';
import { scoreQualityInput } from '@sluice/step-contracts';
import { buildDeps } from './deps.ts';
import { scoreQuality } from './score-quality.ts';

const deps = buildDeps();

export const handler = defineHandler({
  service: 'score-quality',
  input: scoreQualityInput,
  handle: async (run, { log, measure }) => {
    const result = await scoreQuality(run, deps);
    if ('refusal' in result) {
      log('object_refused', { code: result.refusal.code });
      measure('ObjectsRefused', 1);
      return result;
    }
    const { score, threshold, rowsIn, passed } = result;
    log(passed ? 'quality_passed' : 'quality_below_threshold', { score, threshold, rowsIn });
    measure('QualityScore', score);
    return result;
  },
});
