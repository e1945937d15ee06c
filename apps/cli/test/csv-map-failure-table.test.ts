import { readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { artefacts } from '../generate/artefacts.ts';
import { readerSays } from './failures/reader.ts';
import { readings } from './failures/readings.ts';

test.each(await artefacts())(
  '$path has a row for each case (else: pnpm generate)',
  async ({ path, make }) => {
    expect(await readFile(new URL(`../../../${path}`, import.meta.url), 'utf8')).toBe(await make());
  },
);

test.each(readings)('Step Functions’ reader: $what', async ({ content, config, says }) => {
  expect(await readerSays(content, config)).toContain(says);
});
