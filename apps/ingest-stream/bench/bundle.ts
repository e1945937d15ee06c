// node bench/bundle.ts: what the function's bundle weighs and how long it takes to load, beside a naive one.
import { fileURLToPath } from 'node:url';
import { compareBundles, describeBundles } from '@sluice/lambda-kit/measure-bundle';

const compared = await compareBundles({
  entry: fileURLToPath(new URL('../src/handler.ts', import.meta.url)),
  variables: {
    RAW_BUCKET: 'raw',
    CURATED_BUCKET: 'curated',
    DATASET_FIELD: '_dataset',
    PARALLELIZATION_FACTOR: '1',
  },
  starts: 15,
});
console.log(describeBundles(compared));
