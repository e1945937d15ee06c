import { readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import * as sources from '../src/http-api/index.ts';

test("the README's example of an HTTP API runs as it says", async () => {
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
  const [, section = ''] = readme.split('## HTTP API');
  const [, example = ''] = /```ts\n(.*?)```/s.exec(section) ?? [];
  const body = example.replaceAll(/import (\{.*?\}) from '.*?';\n/g, 'const $1 = modules;\n');
  // The README is our own file; running its text keeps it true.
  const run = new Function('modules', `return (async () => { ${body}; return result; })();`);
  expect(await run(sources)).toEqual({ status: 200, body: { dataset: 'orders' } });
});
