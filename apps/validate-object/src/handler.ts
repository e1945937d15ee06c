import { defineHandler } from '@sluice/lambda-kit';
import { validateObjectInput } from '@sluice/step-contracts';
import { buildDeps } from './deps.ts';
import { validateObject } from './validate-object.ts';

const deps = buildDeps();

export const handler = defineHandler({
  service: 'validate-object',
  input: validateObjectInput,
  handle: async (run, { log, measure }) => {
    const result = await validateObject(run, deps);
    if (result.valid) {
      const { format, headerKnown } = result;
      log('object_valid', { format, headerKnown, unknownColumns: result.unknownColumns.length });
    } else {
      log('object_refused', { code: result.code });
      measure('ObjectsRefused', 1);
    }
    return result;
  },
});
