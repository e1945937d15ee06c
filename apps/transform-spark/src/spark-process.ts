import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { availableParallelism, totalmem } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { SparkEnvironment } from './environment.ts';

/** How far the program has come: `done` of `of` tasks of a stage. */
export interface SparkProgress {
  readonly stage: string;
  readonly done: number;
  readonly of: number;
}

export interface SparkSize {
  /** Memory of the JVM, in MB. Default: a quarter of the machine's, from 1 to 4 GB. */
  readonly driverMemoryMb?: number | undefined;
  /** Tasks at once. Default: as many as there are processors. */
  readonly cores?: number | undefined;
}

interface SparkProcessOptions extends SparkSize {
  readonly environment: SparkEnvironment;
  /** A Python script, by its path, and its arguments. */
  readonly command: readonly [script: string, ...args: string[]];
  /** A folder of its own. What Spark spills lies there; whoever gave it removes it. */
  readonly scratchDir: string;
  readonly pseudonymKey?: string | undefined;
  /** Lines of standard error: of the program, and of Spark's log. */
  readonly onLine: (line: string) => void;
}

export interface SparkProcess {
  readonly child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  /** Ends it and all that it has started, at once. */
  readonly kill: () => void;
}

const applicationFolder = fileURLToPath(new URL('..', import.meta.url));

/** Starts a Python program with Spark, as the leader of a process group of its own. */
export const startSpark = async (options: SparkProcessOptions): Promise<SparkProcess> => {
  const { environment, command, scratchDir, pseudonymKey, onLine } = options;
  const temporary = join(scratchDir, 'tmp');
  await mkdir(temporary, { recursive: true });
  const child = spawn(environment.python, [...command], {
    // Spark leaves folders where it is started, and a JVM that crashes leaves a file.
    cwd: scratchDir,
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
    env: {
      ...environment.variables,
      ...(pseudonymKey === undefined ? {} : { SLUICE_PSEUDONYM_KEY: pseudonymKey }),
      TMPDIR: temporary,
      // Relative: the list is cut at commas, and a folder's name may have some.
      SPARK_LOCAL_DIRS: 'tmp',
      // Nobody else is to talk to it.
      SPARK_LOCAL_IP: '127.0.0.1',
      PYSPARK_PYTHON: environment.python,
      PYSPARK_SUBMIT_ARGS: submitArguments(options),
      PYTHONPATH: applicationFolder,
      PYTHONDONTWRITEBYTECODE: '1',
      PYTHONUTF8: '1',
    },
  });
  createInterface({ input: child.stderr }).on('line', onLine);
  const ended = new Promise<Awaited<SparkProcess['ended']>>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
  // It may end before it has read what it was told.
  child.stdin.on('error', () => undefined);
  return { child, ended, kill: () => killGroup(child.pid) };
};

const killGroup = (leader: number | undefined): void => {
  if (leader === undefined) return;
  try {
    process.kill(-leader, 'SIGKILL');
  } catch (error) {
    // Nobody is left of it.
    if (!z.object({ code: z.literal('ESRCH') }).safeParse(error).success) throw error;
  }
};

const MB = 1024 * 1024;
/** What a JVM gets here if nobody says otherwise; the benchmarks give the other one the same. */
export const defaultDriverMemoryMb = (): number => {
  const forTasks = Math.min(4, availableParallelism()) * 1024;
  return Math.min(forTasks, Math.max(1024, Math.floor(totalmem() / MB / 4)));
};

/** What has to be known before the JVM starts. pyspark takes it apart as a shell would. */
const submitArguments = ({ environment, driverMemoryMb, cores }: SparkProcessOptions): string => {
  const settings = {
    'spark.ui.enabled': 'false',
    'spark.driver.extraClassPath': environment.jars.join(':'),
    // Java matches repeated groups of a pattern by calling itself: long texts want a deep stack.
    'spark.driver.extraJavaOptions': '-Duser.timezone=UTC -Djava.io.tmpdir=tmp -Xss64m -XX:+UseParallelGC',
  };
  return [
    '--master',
    // A task may fail three times, as on a cluster.
    `local[${cores ?? availableParallelism()},4]`,
    '--driver-memory',
    `${driverMemoryMb ?? defaultDriverMemoryMb()}m`,
    ...Object.entries(settings).flatMap(([name, value]) => ['--conf', shellQuoted(`${name}=${value}`)]),
    'pyspark-shell',
  ].join(' ');
};

const shellQuoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
