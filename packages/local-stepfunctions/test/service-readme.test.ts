import { readFile } from 'node:fs/promises';
import * as sdk from '@aws-sdk/client-sfn';
import { expect, test } from '@jest/globals';
import { startStatesService } from '../src/service/index.ts';

test("the README's example of the service runs as it says", async () => {
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
  const [, section = ''] = readme.split('## As a local Step Functions');
  const [, example = ''] = /```ts\n(.*?)```/s.exec(section) ?? [];
  const [, names = '', body = ''] =
    /import \{(.*?)\} from '@aws-sdk.*?\/service';\n(.*)/s.exec(example) ?? [];
  const code = `const { ${names} } = sdk; return (async () => { ${body}; return result; })();`;
  // The README is our own file; running its text keeps it true.
  const result: unknown = await new Function('sdk', 'startStatesService', code)(sdk, startStatesService);
  expect(result).toMatchObject({ status: 'SUCCEEDED', output: '{"approved":true}' });
});
