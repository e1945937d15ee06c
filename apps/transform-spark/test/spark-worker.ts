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
  /** Carries a run out, one after the other. Null: it came to its end; else why not, in one line. */
  readonly run: (request: WorkerRequest) => Promise<string | null>;
  readonly stop: () => Promise<void>;
}

const answer = z.object({ error: z.string().nullable() });

const script = fileURLToPath(new URL('spark_worker.py', import.meta.url));

/** A Python process with one Spark session, for as many runs as a suite has. Starting it takes some ten seconds. */
export const startSparkWorker = async (
  size: { readonly driverMemoryMb?: number; readonly cores?: number } = {},
): Promise<SparkWorker> => {
  const environment = await sparkEnvironment({
    env: process.env,
    onInstall: (line) => process.stderr.write(`${line}\n`),
  });
  const scratchDir = await mkdtemp(join(tmpdir(), 'sluice-spark-worker-'));
  const log: string[] = [];
  const { child, ended, kill } = await startSpark({
    driverMemoryMb: 1024,
    cores: 2,
    ...size,
    environment,
    scratchDir,
    command: [script],
    onLine: (line) => {
      log.push(line);
      if (log.length > 50) log.shift();
    },
  });
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  let last: Promise<unknown> = Promise.resolve();
  const ask = async ({ arguments: args, pseudonymKey }: WorkerRequest): Promise<string | null> => {
    child.stdin.write(`${JSON.stringify({ arguments: args, pseudonymKey: pseudonymKey ?? null })}\n`);
    const { value, done } = await answers.next();
    if (done === true) throw new Error(`The Spark worker has ended:\n${log.join('\n')}`);
    return answer.parse(JSON.parse(value)).error;
  };
  return {
    run: (request) => {
      const answered = last.then(() => ask(request));
      last = answered.catch(() => undefined);
      return answered;
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
