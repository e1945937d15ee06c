import { readdir, readFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { datasetArtefacts, GENERATED } from '../generate/artefacts.ts';
import { datasets } from '../src/index.ts';

const root = new URL('../../../', import.meta.url);
const artefacts = await datasetArtefacts();

describe('what is generated from the datasets', () => {
  test.each(artefacts.map(({ path, make }) => [path, make] as const))(
    '%s is up to date (else: pnpm generate)',
    async (path, make) => {
      expect(await readFile(new URL(path, root), 'utf8')).toBe(await make());
    },
  );

  test('no file is left of a dataset that is gone', async () => {
    const made = artefacts.map(({ path }) => path).filter((path) => path.startsWith(GENERATED));
    const found = (await readdir(new URL(GENERATED, root))).map((name) => GENERATED + name);
    expect(found.sort()).toEqual(made.sort());
  });

  test('every dataset is found by its name', () => {
    expect([...datasets]).toEqual([...datasets.values()].map((dataset) => [dataset.name, dataset]));
    expect([...datasets.keys()]).toContain('orders');
  });

  test('every field says what it means', () => {
    const silent = [...datasets.values()].flatMap((dataset) =>
      dataset.fields.filter((field) => field.doc === '').map((field) => `${dataset.name}.${field.name}`),
    );
    expect(silent).toEqual([]);
  });
});
