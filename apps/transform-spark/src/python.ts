import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { isOrphan, processName } from '@sluice/lake-storage/process-name';

const run = promisify(execFile);

/**
 * Glue 5.1 has Python 3.11, so the program is written for that. With setuptools pyspark 3.5 runs on 3.12 and 3.13, too;
 * for 3.14 there is no pyarrow 21.
 */
const names = ['python3.11', 'python3.12', 'python3.13', 'python3'];
const probe = 'import sys, venv, ensurepip; sys.exit(0 if (3, 11) <= sys.version_info < (3, 14) else 1)';

/** The machine's own Python, as a command; if there is none that will do, one line that says what to install. */
export const findPython = async (
  env: NodeJS.ProcessEnv,
): Promise<{ readonly command: string } | { readonly missing: string }> => {
  for (const command of names) {
    const isSuitable = await run(command, ['-c', probe], { env: { ...env } }).then(
      () => true,
      () => false,
    );
    if (isSuitable) return { command };
  }
  return {
    missing:
      'Spark needs Python 3.11, 3.12 or 3.13 with its venv module, which was not found; install it (python.org, `apt install python3.11-venv`, `brew install python@3.11`)',
  };
};

/** The lists of packages of a virtual environment, in the order in which they are installed: each pins every file by its hash. */
export type PackageLists = readonly [string, ...string[]];

/** The `python` of the environment with these packages in that folder, whether it is there or not. */
export const pythonOf = async (folder: string, lists: PackageLists): Promise<string> =>
  join(folder, await stampOf(lists), 'bin', 'python');

/**
 * Makes the virtual environment with these packages, and removes those of lists as they were. To be called by one process
 * at a time. Start tools with `python -m <module>`: the environment is moved into place once it is complete, so that
 * the start scripts in its `bin` name a folder that is gone.
 *
 * @throws a one-line Error
 */
export const makePythonEnvironment = async (
  command: string,
  folder: string,
  lists: PackageLists,
  env: NodeJS.ProcessEnv,
): Promise<void> => {
  const environment = join(folder, await stampOf(lists));
  const building = join(folder, `${processName()}.building`);
  const options = { env: { ...env } };
  try {
    await mkdir(folder, { recursive: true });
    await run(command, ['-m', 'venv', '--clear', building], options);
    // What a source package is built with has to be pinned, too: it is taken from the environment, not from the registry.
    const pip = [
      '-m',
      'pip',
      'install',
      '--quiet',
      '--no-input',
      '--disable-pip-version-check',
      '--require-hashes',
    ];
    for (const list of lists)
      await run(join(building, 'bin', 'python'), [...pip, '--no-build-isolation', '-r', list], options);
    // One whose Python was taken away is there, and does not work.
    await rm(environment, { recursive: true, force: true });
    await rename(building, environment);
  } catch (cause) {
    throw new Error(`Spark's Python packages could not be installed: ${lastLine(cause)}`, { cause });
  } finally {
    await rm(building, { recursive: true, force: true });
  }
};

/** Removes the environments of lists as they were, and those that a killed process left half-made. */
export const removeOutdated = async (folder: string, current: PackageLists): Promise<void> => {
  const stamp = await stampOf(current);
  for (const name of await readdir(folder)) {
    const isOutdated = /^[0-9a-f]{12}$/.test(name) ? name !== stamp : isOrphan(name);
    if (isOutdated) await rm(join(folder, name), { recursive: true, force: true });
  }
};

const stampOf = async (lists: PackageLists): Promise<string> => {
  const hash = createHash('sha256');
  for (const list of lists) hash.update(await readFile(list));
  return hash.digest('hex').slice(0, 12);
};

const lastLine = (cause: unknown): string => {
  const text = cause instanceof Error && 'stderr' in cause ? String(cause.stderr) : String(cause);
  return text.trim().split('\n').at(-1) ?? '';
};
