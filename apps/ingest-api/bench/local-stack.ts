import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { GetRecordsCommand, GetShardIteratorCommand, ListShardsCommand } from '@aws-sdk/client-kinesis';
import { clientOf } from './client-of.ts';

/** The API and its stream, each in a process of its own. */
export interface LocalStack {
  readonly url: string;
  /** The texts of all records in the stream. */
  readonly records: () => Promise<string[]>;
  readonly stop: () => Promise<void>;
}

const STREAM = 'records';
const SHARDS = 4;

export const startLocalStack = async (): Promise<LocalStack> => {
  const kinesis = start('kinesis-process.ts', [STREAM, String(SHARDS)]);
  const endpoint = await firstLine(kinesis);
  const api = start('api-process.ts', [endpoint, STREAM]);
  return {
    url: await firstLine(api),
    records: () => recordsIn(endpoint),
    stop: async () => {
      await end(api);
      await end(kinesis);
    },
  };
};

const start = (file: string, args: readonly string[]): ChildProcess =>
  spawn(process.execPath, [fileURLToPath(new URL(file, import.meta.url)), ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });

const firstLine = async ({ stdout }: ChildProcess): Promise<string> => {
  if (!stdout) throw new Error('The process has no output.');
  for await (const line of createInterface({ input: stdout })) return line;
  throw new Error('The process ended before it said where it listens.');
};

const end = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.stdin?.end();
  await ended;
};

const recordsIn = async (endpoint: string): Promise<string[]> => {
  const client = clientOf(endpoint);
  const texts: string[] = [];
  const { Shards = [] } = await client.send(new ListShardsCommand({ StreamName: STREAM }));
  for (const { ShardId } of Shards) {
    const first = new GetShardIteratorCommand({
      StreamName: STREAM,
      ShardId,
      ShardIteratorType: 'TRIM_HORIZON',
    });
    let { ShardIterator: iterator } = await client.send(first);
    for (;;) {
      const { Records = [], NextShardIterator } = await client.send(
        new GetRecordsCommand({ ShardIterator: iterator, Limit: 10_000 }),
      );
      if (Records.length === 0) break;
      for (const { Data } of Records) texts.push(Buffer.from(Data ?? []).toString('utf8'));
      iterator = NextShardIterator;
    }
  }
  client.destroy();
  return texts;
};
