import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { artefacts } from '../generate/artefacts.ts';
import { exampleOf, openApiDocument } from '../src/open-api.ts';
import { problems } from '../src/problem.ts';
import { servedDatasets } from '../src/served-datasets.ts';
import { datasets, startApi } from './api.ts';

const served = servedDatasets(datasets);

test.each(await artefacts())('$path is up to date', async ({ path, make }) => {
  expect(readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8')).toBe(await make());
});

describe('the document', () => {
  const text = JSON.stringify(openApiDocument(served));

  test('refers to nothing that it does not have', () => {
    const document = JSON.parse(text);
    for (const [, path = ''] of text.matchAll(/"\$ref":"#\/([^"]+)"/g)) {
      const found = path.split('/').reduce((at, part) => at?.[part], document);
      expect([path, found]).toEqual([path, expect.any(Object)]);
    }
  });

  test('names every problem that there is', () => {
    for (const code of Object.keys(problems)) {
      // Of a path that does not exist it cannot tell.
      if (code.startsWith('unknown_')) continue;
      expect(text).toContain(`\`${code}\``);
    }
  });

  test.each([...served.values()])(
    'has a record of $name that is taken, one by one and in lines',
    async (dataset) => {
      const record = JSON.stringify(exampleOf(dataset));
      const api = startApi();
      const path = `/datasets/${dataset.name}/records`;
      expect(await api.post({ path, body: record })).toMatchObject({ status: 202 });
      const headers = { 'content-type': 'application/x-ndjson' };
      expect(await api.post({ path, headers, body: `${record}\n${record}\n` })).toMatchObject({
        status: 202,
      });
      expect(text).toContain(record);
    },
  );
});
