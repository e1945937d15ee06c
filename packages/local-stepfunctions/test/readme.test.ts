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

test('the example of a Distributed Map runs as it says', async () => {
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
  const example = [...readme.matchAll(/```ts\n(.*?)```/gs)]
    .map(([, code = '']) => code)
    .find((code) => code.includes('redriveExecution'));
  const [imports = '', ...body] = (example ?? '').split('\n');
  const names = /import \{ (.*) \} from/.exec(imports)?.[1] ?? '';
  const shown = '{ failed, counts: mapRun.describe().itemCounts, result, files }';
  const code = `const { ${names} } = api; return (async () => { ${body.join('\n')}; return ${shown}; })();`;
  const { failed, counts, result, files } = await new Function('api', code)(api);
  expect(failed).toMatchObject({ status: 'FAILED', error: 'States.ExceedToleratedFailureThreshold' });
  expect(counts).toMatchObject({ failed: 2, pending: 2, total: 4 });
  expect(result).toMatchObject({ status: 'SUCCEEDED', output: { ResultWriterDetails: { Bucket: 'out' } } });
  const { Key } = result.output.ResultWriterDetails;
  expect(files.get(`out/${Key.replace('manifest.json', 'SUCCEEDED_0.jsonl')}`).toString()).toBe('10\n70\n');
});
