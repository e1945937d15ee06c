import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { sparkEnvironment } from '../src/environment.ts';
import { startSpark } from '../src/spark-process.ts';

interface WorkerRequest {
  /** Those of the program: `--run`, `--plans`, `--curated-bucket`, `--input`, `--output`. */
  readonly arguments: readonly string[];
  readonly pseudonymKey?: string | undefined;
}

export interface SparkWorker {
  /** Carries a run out, beside others. Null: it came to its end; else why not, in one line. */
  readonly run: (request: WorkerRequest) => Promise<string | null>;
  /** Changes settings of the session, once the runs before have ended. */
  readonly set: (settings: Readonly<Record<string, string>>) => Promise<void>;
  readonly stop: () => Promise<void>;
}

const answer = z.object({ id: z.int(), error: z.string().nullable() });

/** Most of what a JVM does in its first minutes is to compile itself, by a compiler that pays off later. */
const JAVA_TOOL_OPTIONS = '-XX:TieredStopAtLevel=1';

const script = fileURLToPath(new URL('spark_worker.py', import.meta.url));

/** `runs`: how many go side by side. Spark's driver works alone for most of a small one. */
interface WorkerSize {
  readonly driverMemoryMb?: number;
  readonly cores?: number;
  readonly runs?: number;
}

/** A Python process with one Spark session, for as many runs as a suite has. Starting it takes some ten seconds. */
export const startSparkWorker = async ({ runs = 1, ...size }: WorkerSize = {}): Promise<SparkWorker> => {
  const { variables, ...rest } = await sparkEnvironment({
    env: process.env,
    onInstall: (line) => process.stderr.write(`${line}\n`),
  });
  const environment = { ...rest, variables: { ...variables, JAVA_TOOL_OPTIONS } };
  const scratchDir = await mkdtemp(join(tmpdir(), 'sluice-spark-worker-'));
  const log: string[] = [];
  const { child, ended, kill } = await startSpark({
    driverMemoryMb: 1024,
    cores: 2,
    ...size,
    environment,
    scratchDir,
    command: [script, String(runs)],
    onLine: (line) => {
      log.push(line);
      if (log.length > 50) log.shift();
    },
  });
  const waiting = new Map<number, PromiseWithResolvers<string | null>>();
  let failure: Error | null = null;
  createInterface({ input: child.stdout })
    .on('line', (line) => {
      const { id, error } = answer.parse(JSON.parse(line));
      waiting.get(id)?.resolve(error);
      waiting.delete(id);
    })
    .once('close', () => {
      failure = new Error(`The Spark worker has ended:\n${log.join('\n')}`);
      for (const { reject } of waiting.values()) reject(failure);
    });
  let requests = 0;
  const ask = async (request: Readonly<Record<string, unknown>>): Promise<string | null> => {
    if (failure) throw failure;
    requests += 1;
    const answered = Promise.withResolvers<string | null>();
    waiting.set(requests, answered);
    child.stdin.write(`${JSON.stringify({ id: requests, ...request })}\n`);
    return answered.promise;
  };
  return {
    run: ({ arguments: args, pseudonymKey }) => ask({ arguments: args, pseudonymKey: pseudonymKey ?? null }),
    set: async (settings) => {
      await ask({ settings });
    },
    stop: async () => {
      child.stdin.end();
      await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 10_000).unref())]);
      kill();
      await ended;
      await rm(scratchDir, { recursive: true, force: true, maxRetries: 5 });
    },
  };
};
