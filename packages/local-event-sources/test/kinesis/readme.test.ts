import { readFile } from 'node:fs/promises';
import * as sdk from '@aws-sdk/client-kinesis';
import { expect, test } from '@jest/globals';
import * as producer from '@sluice/kinesis-producer';
import * as sources from '../../src/kinesis/index.ts';

test("the README's example of a stream runs as it says", async () => {
  const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8');
  const [, section = ''] = readme.split('## Kinesis');
  const [, example = ''] = /```ts\n(.*?)```/s.exec(section) ?? [];
  const body = example.replaceAll(/import (\{.*?\}) from '.*?';\n/g, 'const $1 = modules;\n');
  // The README is our own file; running its text keeps it true.
  const run = new Function('modules', `return (async () => { ${body}; return result; })();`);
  const result: unknown = await run({ ...sdk, ...producer, ...sources });
  expect(result).toEqual({ taken: ['a', 'b', 'c'], condition: 'RetryAttemptsExhausted' });
});
