import { readdir, readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { artefacts, folder } from '../generate/artefacts.ts';

const root = new URL('../../../', import.meta.url);
const plans = await artefacts();

test.each(plans)('$path is what its dataset compiles to', async ({ path, make }) => {
  expect(await readFile(new URL(path, root), 'utf8')).toBe(await make());
});

test('there are no plans of other datasets', async () => {
  const files = await readdir(new URL(folder, root));
  expect(files.map((name) => `${folder}${name}`).sort()).toEqual(plans.map(({ path }) => path).sort());
});
