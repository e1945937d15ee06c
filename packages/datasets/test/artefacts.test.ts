import { readdir, readFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { uniqueViewName } from '@sluice/record-schema';
import { artefacts, folder } from '../generate/artefacts.ts';
import { datasets } from '../src/index.ts';

const root = new URL('../../../', import.meta.url);
const listed = await artefacts();

describe('what is generated from the datasets', () => {
  test.each(listed.map(({ path, make }) => [path, make] as const))(
    '%s is up to date (else: pnpm generate)',
    async (path, make) => {
      expect(await readFile(new URL(path, root), 'utf8')).toBe(await make());
    },
  );

  test('no file is left of a dataset that is gone', async () => {
    const made = listed.map(({ path }) => path).filter((path) => path.startsWith(folder));
    const found = (await readdir(new URL(folder, root))).map((name) => folder + name);
    expect(found.sort()).toEqual(made.sort());
  });

  test('every dataset is found by its name', () => {
    expect([...datasets]).toEqual([...datasets.values()].map((dataset) => [dataset.name, dataset]));
    expect([...datasets.keys()]).toContain('orders');
  });

  test('no dataset, nor what is beside them, has the name of a view of another', () => {
    const views = [...datasets.values()].filter(({ key }) => key !== null).map(uniqueViewName);
    expect(views).toContain('orders_unique');
    expect(views.filter((name) => datasets.has(name) || name === 'runs' || name === 'quarantine')).toEqual(
      [],
    );
  });

  test('every field says what it means', () => {
    const silent = [...datasets.values()].flatMap((dataset) =>
      dataset.fields.filter((field) => field.doc === '').map((field) => `${dataset.name}.${field.name}`),
    );
    expect(silent).toEqual([]);
  });
});
