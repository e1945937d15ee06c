import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';

export type Invocation =
  | { readonly outcome: 'returned'; readonly result: unknown; readonly logs: string }
  | { readonly outcome: 'threw'; readonly name: string; readonly message: string; readonly logs: string };

const runner = `
import { writeSync } from 'node:fs';
const { file, event } = JSON.parse(process.argv[1]);
const answer = (value) => writeSync(3, JSON.stringify(value));
try {
  const { handler } = await import(file);
  answer({ outcome: 'returned', result: await handler(event, { awsRequestId: 'request-1', getRemainingTimeInMillis: () => 60_000 }) });
} catch (error) {
  answer({ outcome: 'threw', name: error.name, message: error.message });
}
process.exit(0);
`;

/** Where the function finds AWS: what `startMiniStack` answers. */
export interface Emulator {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

export interface BundledLambda {
  /** Its folder, as `bundleLambda` left it. */
  readonly folder: string;
  /** The variables that infra would set. */
  readonly variables: Readonly<Record<string, string>>;
  readonly emulator: Emulator;
}

/** For tests: runs a bundled Lambda once, as a cold start, in a process that has its variables and no others. */
export const invokeBundle = async (
  { folder, variables, emulator }: BundledLambda,
  event: unknown,
): Promise<Invocation> => {
  const file = pathToFileURL(join(folder, 'index.mjs')).href;
  const child = spawn(
    process.execPath,
    ['--input-type=module', '--eval', runner, JSON.stringify({ file, event })],
    {
      env: {
        AWS_ENDPOINT_URL: emulator.endpoint,
        AWS_REGION: emulator.region,
        AWS_ACCESS_KEY_ID: emulator.credentials.accessKeyId,
        AWS_SECRET_ACCESS_KEY: emulator.credentials.secretAccessKey,
        AWS_LAMBDA_FUNCTION_NAME: 'emulated-function',
        AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '1024',
        ...variables,
      },
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    },
  );
  const [, out, errors, answers] = child.stdio;
  const read = (stream: unknown): Promise<string> => text(stream as AsyncIterable<string>); // all three are pipes
  const [stdout, stderr, answer, [code]] = await Promise.all([
    read(out),
    read(errors),
    read(answers),
    once(child, 'close'),
  ]);
  const logs = stdout + stderr;
  if (answer === '')
    throw new Error(`The bundle in ${folder} gave no answer and ended with ${code}:\n${logs}`);
  return { ...JSON.parse(answer), logs };
};
