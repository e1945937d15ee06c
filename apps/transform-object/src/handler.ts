import { defineHandler } from '@sluice/lambda-kit';
import { transformObjectInput } from '@sluice/step-contracts';
import { buildDeps } from './deps.ts';
import { transformObject } from './transform-object.ts';

const deps = buildDeps();

export const handler = defineHandler({
  service: 'transform-object',
  input: transformObjectInput,
  handle: async (input, { log }) => {
    const result = await transformObject(input, deps);
    log('object_transformed', result.counts);
    return result;
  },
});
