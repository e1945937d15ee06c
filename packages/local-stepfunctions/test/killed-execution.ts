import { appendFileSync, createReadStream } from 'node:fs';
import { join } from 'node:path';
import { loadDefinition, startExecution } from '../src/index.ts';

// A process that redrive.test.ts kills: runs a machine over 5,000 rows, with its journal in a file.

const [, , folder = '', definition = '', children = '0'] = process.argv;
const path = join(folder, 'journal');
let calls = 0;

async function* rows(): AsyncGenerator<Uint8Array, void> {
  yield Buffer.from(`id\n${Array.from({ length: 5_000 }, (_, index) => `${index}\n`).join('')}`);
}

async function body(): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of rows()) parts.push(part);
  return Buffer.concat(parts);
}

const execution = startExecution(loadDefinition(definition), {
  name: 'killed',
  input: {},
  journal: { append: (text) => appendFileSync(path, text), read: () => createReadStream(path) },
  objects: {
    head: async () => {
      const bytes = await body();
      return { size: bytes.length, etag: bytes.toString('base64') };
    },
    read: async () => rows(),
    async *list() {},
    async put(_, results) {
      for await (const _part of results);
    },
  },
  handlers: {
    'lambda:invoke': async (input) => {
      calls += 1;
      if (calls === Number(children)) process.stdout.write('now\n');
      await new Promise((resolve) => setTimeout(resolve, 1));
      return input;
    },
  },
});
await execution.result;
