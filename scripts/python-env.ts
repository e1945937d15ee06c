import { execFile, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** Lists of their own, because checkov pins what the others need in newer versions, and not every test needs all of them. */
const lists = [
  'requirements.txt',
  'requirements-checkov.txt',
  'requirements-schemathesis.txt',
  '../apps/transform-spark/requirements-dev.txt',
] as const;
const environments = fileURLToPath(new URL('../.cache/python', import.meta.url));
const run = promisify(execFile);

// The pinned pandas and numpy want 3.11.
const suitable = 'import sys, venv, ensurepip; sys.exit(0 if sys.version_info >= (3, 11) else 1)';

export const pythonMissing =
  'Python 3.11 or later with its venv module was not found; install it (python.org, `apt install python3-venv`, ' +
  '`brew install python`) and run this again.';

/** The machine's own Python, as a command; null if there is none that will do. */
export function systemPython(): string | null {
  const names = ['python3', 'python3.13', 'python3.12', 'python3.11'];
  return names.find((name) => spawnSync(name, ['-c', suitable], { stdio: 'ignore' }).status === 0) ?? null;
}

/**
 * The `python` of our own virtual environment with the packages of a list (its path from this folder), made on first use (50
 * to 200 MB from PyPI) and again whenever that list changes. Start tools with `python -m <module>`: the environment was
 * moved into place once it was complete, so the start scripts in its `bin` name a folder that is gone.
 * Throws a one-line Error if there is no Python, or if the packages cannot be installed.
 */
export async function pythonEnvironment(list: (typeof lists)[number] = 'requirements.txt'): Promise<string> {
  const stamp = await stampOf(list);
  const environment = join(environments, stamp);
  const python = join(environment, 'bin', 'python');
  if (existsSync(python)) return python;

  const system = systemPython();
  if (!system) throw new Error(pythonMissing);
  // Test suites run side by side: each builds its own, the first to finish wins, and nobody sees half an environment.
  const building = `${environment}.${process.pid}`;
  process.stderr.write(`Installing the Python tools of ${join('scripts', list)} into .cache/python, once…\n`);
  try {
    await mkdir(environments, { recursive: true });
    await run(system, ['-m', 'venv', '--clear', building]);
    const pip = ['-m', 'pip', 'install', '--quiet', '--no-input', '--disable-pip-version-check'];
    await run(join(building, 'bin', 'python'), [...pip, '-r', fileOf(list)]);
    await rename(building, environment).catch((cause: unknown) => {
      if (!existsSync(python)) throw cause;
    });
    await removeOutdated();
    return python;
  } catch (cause) {
    throw new Error(`The Python tools could not be installed: ${lastLine(cause)}`, { cause });
  } finally {
    await rm(building, { recursive: true, force: true });
  }
}

const fileOf = (list: string): string => fileURLToPath(new URL(list, import.meta.url));

const stampOf = async (list: string): Promise<string> =>
  createHash('sha256')
    .update(await readFile(fileOf(list)))
    .digest('hex')
    .slice(0, 12);

/** Environments of lists as they were, and those that an interrupted build left half-made. */
async function removeOutdated(): Promise<void> {
  const stamps = await Promise.all(lists.map(stampOf));
  for (const name of await readdir(environments)) {
    const builder = /^[0-9a-f]{12}\.(\d+)$/.exec(name)?.[1];
    const isCurrent = stamps.includes(name) || (builder !== undefined && isRunning(Number(builder)));
    if (!isCurrent) await rm(join(environments, name), { recursive: true, force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function lastLine(cause: unknown): string {
  const text = cause instanceof Error && 'stderr' in cause ? String(cause.stderr) : String(cause);
  return text.trim().split('\n').at(-1) ?? '';
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    process.stdout.write(`${await pythonEnvironment()}\n`);
  } catch (cause) {
    process.stderr.write(`${cause instanceof Error ? cause.message : String(cause)}\n`);
    process.exitCode = 1;
  }
}
