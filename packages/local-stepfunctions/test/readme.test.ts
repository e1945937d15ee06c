import { readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import * as api from '../src/index.ts';

test('the example of the README runs as it says', async () => {
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
  const [, example = ''] = /```ts\n(.*?)```/s.exec(readme) ?? [];
  const [imports = '', ...body] = example.split('\n');
  const names = /import \{ (.*) \} from/.exec(imports)?.[1] ?? '';
  const code = `const { ${names} } = api; return (async () => { ${body.join('\n')}; return result; })();`;
  // The README is our own file; running its text keeps it true.
  const result: unknown = await new Function('api', code)(api);
  expect(result).toMatchObject({
    status: 'SUCCEEDED',
    output: { object: { key: 'incoming/orders/1.csv' }, quality: { score: 82 } },
  });
});

test('the example of JSONata runs as it says', async () => {
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
  const example = [...readme.matchAll(/```ts\n(.*?)```/gs)]
    .map(([, code = '']) => code)
    .find((code) => code.includes("QueryLanguage: 'JSONata'"));
  const [imports = '', ...body] = (example ?? '').split('\n');
  const names = /import \{ (.*) \} from/.exec(imports)?.[1] ?? '';
  const code = `const { ${names} } = api; return (async () => { ${body.join('\n')}; return result; })();`;
  const result: unknown = await new Function('api', code)(api);
  expect(result).toMatchObject({ status: 'SUCCEEDED', output: { total: 125, approval: true } });
});
