/** How large the bundle is and how long it takes to load, beside a naive one; fails if it misses its marks. */
import { fileURLToPath } from 'node:url';
import { compareBundles, describeBundles } from '@sluice/lambda-kit/measure-bundle';

const compared = await compareBundles({
  entry: fileURLToPath(new URL('../src/handler.ts', import.meta.url)),
  variables: { STREAM_NAME: 'records', DATASET_FIELD: '_dataset', CURATED_BUCKET: 'curated-zone' },
  starts: 15,
});
process.stdout.write(`ingest-api\n${describeBundles(compared)}\n`);
if (compared.sizeRatio > 0.7 || compared.importRatio > 0.9) process.exitCode = 1;
