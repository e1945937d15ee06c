import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { orders } from '@sluice/datasets';
import type { ObjectStore } from '@sluice/lake-storage';
import { memoryStore } from '@sluice/lake-storage/memory';
import type { RunInput } from '@sluice/step-contracts';
import { runOfJob, runSparkProgram, type SparkRun } from '../src/run-program.ts';

const OBJECT = 'ID,name\n1,a\n';
const FIGURES = '{"rowsIn":1}';
const REPORT = '{"engine":"spark"}';

let folder: string;
let objects: ObjectStore;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-run-program-'));
  objects = memoryStore();
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A program in the place of Python and Spark, with `$in` and `$out` for the paths of its object and its output. */
const program = async (script: string): Promise<string> => {
  const path = join(folder, 'python');
  const options = `while [ $# -gt 0 ]; do case "$1" in
  --input) in="\${2#file://}" ;; --output) out="\${2#file://}" ;; --plans) plans="\${2#file://}" ;;
esac; shift; done\n`;
  await writeFile(path, `#!/bin/sh\n${options}${script}\n`);
  await chmod(path, 0o755);
  return path;
};

const stage = `mkdir "$out/accepted-rows"
echo rows > "$out/accepted-rows/part-00000-1.zstd.parquet"
echo sum > "$out/accepted-rows/.part-00000-1.zstd.parquet.crc"
echo line > "$out/quarantine.jsonl"
printf '%s' '${FIGURES}' > "$out/figures.json"
printf '%s' '${REPORT}' > "$out/transform.json"`;

const start = async (script: string, others: Partial<SparkRun> = {}, key = 'incoming/orders/a.csv') => {
  await objects.put({ bucket: 'raw', key }, Buffer.from(OBJECT));
  const head = await objects.head({ bucket: 'raw', key });
  const object = { bucket: 'raw', key, size: head?.size ?? 0, etag: head?.etag ?? '' };
  const run: RunInput = { runId: 'r', dataset: 'orders', asOf: '2026-01-01T00:00:00.000Z', object };
  await mkdir(join(folder, 'scratch'), { recursive: true });
  const environment = { python: await program(script), variables: { PATH: '/usr/bin:/bin' }, jars: [] };
  const scratchDir = join(folder, 'scratch');
  const spark = { environment, objects, curatedBucket: 'curated', dataset: orders, run, scratchDir };
  return runSparkProgram({ ...spark, ...others });
};

const staged = async (): Promise<string[]> => {
  const keys: string[] = [];
  for await (const key of objects.keys('curated', 'staging/r/')) keys.push(key.slice('staging/r/'.length));
  return keys;
};
const put = (name: string) =>
  objects.put({ bucket: 'curated', key: `staging/r/${name}` }, Buffer.from('old'));

describe('what the program leaves', () => {
  test('is staged, the report last, without what Hadoop leaves beside it', async () => {
    const order: string[] = [];
    const watched: ObjectStore = {
      ...objects,
      put: (at, ...rest) => {
        order.push(at.key.slice('staging/r/'.length));
        return objects.put(at, ...rest);
      },
    };
    await start(stage, { objects: watched });
    expect(order).toEqual([
      'accepted-rows/part-00000-1.zstd.parquet',
      'quarantine.jsonl',
      'figures.json',
      'transform.json',
    ]);
  });

  test('takes the place of what an attempt that died has left; the quality report stays', async () => {
    for (const name of [
      'accepted-0.parquet',
      'accepted-rows/part-7.parquet',
      'quality.json',
      'transform.json',
    ])
      await put(name);
    await start(`printf '%s' '{"refusal":{}}' > "$out/figures.json"`);
    expect(await staged()).toEqual(['figures.json', 'quality.json']);
  });

  test('counts for nothing without its figures', async () => {
    await expect(start(`printf '%s' '${REPORT}' > "$out/transform.json"`)).rejects.toThrow(/figures\.json/);
    expect(await staged()).toEqual([]);
  });
});

describe('the program is given', () => {
  test('the bytes of the object, under a name that nobody takes for a pattern or hidden', async () => {
    const key = 'incoming/orders/_a{1,2}*[x] b.csv.gz';
    await start(`cp "$in" "${folder}/seen"; echo "$in" > "${folder}/name"; ${stage}`, {}, key);
    expect(await readFile(join(folder, 'seen'), 'utf8')).toBe(OBJECT);
    expect((await readFile(join(folder, 'name'), 'utf8')).trim()).toMatch(/\/object\.csv\.gz$/);
  });

  test('no path that Spark would take for a pattern, wherever the scratch folder is', async () => {
    const scratchDir = join(folder, 'scratch', 'a[b]*');
    await mkdir(scratchDir, { recursive: true });
    await start(`echo "$in $out" > "${folder}/paths"; ${stage}`, { scratchDir });
    expect(await readFile(join(folder, 'paths'), 'utf8')).not.toMatch(/[[\]*{}?]/);
  });

  test('the plan of its dataset', async () => {
    await start(`cp "$plans/orders.json" "${folder}/plan.json"; ${stage}`);
    expect(JSON.parse(await readFile(join(folder, 'plan.json'), 'utf8'))).toMatchObject({
      planVersion: 1,
      dataset: 'orders',
    });
  });

  test('the key of pseudonyms as a variable, and no variable that it does not need', async () => {
    await start(`env > "${folder}/env"; ${stage}`, { pseudonymKey: 'k', cores: 2, driverMemoryMb: 1024 });
    const env = await readFile(join(folder, 'env'), 'utf8');
    expect(env).toContain('SLUICE_PSEUDONYM_KEY=k\n');
    expect(env).toMatch(/^PYSPARK_SUBMIT_ARGS=--master local\[2,4\] --driver-memory 1024m /m);
    expect(env).not.toMatch(/^(HOME|NODE_OPTIONS|npm_\w+)=/m);
  });

  test('no object that is another one by now', async () => {
    await objects.put({ bucket: 'raw', key: 'k.csv' }, Buffer.from('new'));
    const object = { bucket: 'raw', key: 'k.csv', size: 3, etag: 'old' };
    const run = { runId: 'r', dataset: 'orders', asOf: '2026-01-01T00:00:00.000Z', object };
    await expect(start(`touch "${folder}/started"`, { run })).rejects.toMatchObject({ code: 'changed' });
    expect(existsSync(join(folder, 'started'))).toBe(false);
  });
});

describe('a program that fails', () => {
  test('is one line, and leaves nothing', async () => {
    await put('transform.json');
    const fails = start(`mkdir "$out/accepted-rows"
echo '26/01/01 00:00:00 ERROR Executor: Exception in task 0.0' >&2
echo '	at java.base/java.lang.Thread.run' >&2
echo 'transform_spark.failure.JobFailed: at the stage "read": EOFException: cut off (more in the lines above)' >&2
echo '26/01/01 00:00:01 WARN Utils: late' >&2
exit 1`);
    await expect(fails).rejects.toMatchObject({
      name: 'SparkJobFailed',
      message: 'at the stage "read": EOFException: cut off',
    });
    expect(await staged()).toEqual([]);
    expect(await readdir(join(folder, 'scratch'))).toEqual([]);
  });

  test('that said nothing is told of by its exit code', async () => {
    await expect(start('exit 7')).rejects.toThrow('Spark ended with exit code 7 and did not say why');
  });

  test('that was killed is told of by the signal', async () => {
    await expect(start('kill -9 $$')).rejects.toThrow(/^Spark was ended by SIGKILL, as a system does/);
  });

  test('that cannot be started is an error', async () => {
    const environment = { python: join(folder, 'gone'), variables: {}, jars: [] };
    await expect(start('', { environment })).rejects.toThrow(/ENOENT/);
  });
});

test('progress and the log are told apart', async () => {
  const progress: unknown[] = [];
  const log: string[] = [];
  await start(
    `echo 'progress {"stage": "read", "done": 3, "of": 8}' >&2; echo 'progress of another kind' >&2; ${stage}`,
    { onProgress: (one) => progress.push(one), onLog: (line) => log.push(line) },
  );
  expect(progress).toEqual([{ stage: 'read', done: 3, of: 8 }]);
  expect(log).toEqual(['progress of another kind']);
});

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};
const contentOf = async (path: string): Promise<string> => {
  for (;;) {
    const text = await readFile(path, 'utf8').catch(() => '');
    if (text.endsWith('\n')) return text.trim();
    await sleep(10);
  }
};
const isGone = async (pid: number): Promise<void> => {
  while (isAlive(pid)) await sleep(10);
};

/** Starts something of its own, as Python starts a JVM, and waits for it. */
const waits = (pidFile: string): string => `sleep 600 & echo $! > "${pidFile}"; wait`;

test('an abort ends the program, and what it has started', async () => {
  const pidFile = join(folder, 'pid');
  const stop = new AbortController();
  const started = start(waits(pidFile), { signal: stop.signal });
  const refused = expect(started).rejects.toThrow('enough');
  const pid = Number(await contentOf(pidFile));
  stop.abort(new Error('enough'));
  await refused;
  await isGone(pid);
  expect(await readdir(join(folder, 'scratch'))).toEqual([]);
});

describe('the script of one machine', () => {
  const script = fileURLToPath(new URL('../local_job.py', import.meta.url));
  /** Runs it with something else in the place of the program. */
  const run = (main: string): ChildProcess =>
    spawn(
      'python3',
      [
        '-c',
        `import os, runpy, subprocess, sys, types
module = types.ModuleType('transform_spark.main')
def main(_): ${main}
module.main = main
sys.modules['transform_spark.main'] = module
runpy.run_path(${JSON.stringify(script)}, run_name='__main__')`,
      ],
      { cwd: dirname(script), detached: true, stdio: ['pipe', 'pipe', 'inherit'] },
    );

  test('ends when the program does', async () => {
    const child = run('pass');
    expect(await once(child, 'close')).toEqual([0, null]);
  });

  test('ends, with what it has started, when whoever started it is gone', async () => {
    const pidFile = join(folder, 'pid');
    const child = run(`subprocess.run(['sh', '-c', 'echo $$ > ${pidFile}; exec sleep 600'])`);
    const ended = once(child, 'close');
    const pid = Number(await contentOf(pidFile));
    child.stdin?.destroy();
    expect(await ended).toEqual([null, 'SIGKILL']);
    await isGone(pid);
  });
});

test('a run is read from the parameters of the task', () => {
  const run = {
    runId: 'r',
    dataset: 'orders',
    asOf: '2026-01-01T00:00:00.000Z',
    object: { bucket: 'raw', key: 'k', size: 1, etag: 'e' },
  };
  const parameters = { JobName: 'j', Arguments: { '--run': JSON.stringify(run) } };
  expect(runOfJob(parameters)).toEqual(run);
});
