import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { compareBundles } from '@sluice/lambda-kit/measure-bundle';

test('the bundle is at most 0.7 times as large as the one that esbuild makes by default', async () => {
  const entry = fileURLToPath(new URL('../src/handler.ts', import.meta.url));
  const { ours, sizeRatio } = await compareBundles({ entry, variables: {}, starts: 0 });
  expect(ours.bytes).toBeGreaterThan(0);
  expect(sizeRatio).toBeLessThanOrEqual(0.7);
}, 60_000);
