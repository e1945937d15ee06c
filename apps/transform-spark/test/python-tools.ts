import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { pythonEnvironment } from '@sluice/scripts/python-env';
import { type SparkEnvironment, sparkEnvironment, sparkState } from '../src/environment.ts';

/** The Spark program's own folder, with its `pyproject.toml`. */
export const programFolder = fileURLToPath(new URL('..', import.meta.url));

/** The `python` of the environment with ruff, pyright and pytest. */
export const devPython = (): Promise<string> =>
  pythonEnvironment('../apps/transform-spark/requirements-dev.txt');

/** Where that environment's modules lie, for a Python that has others. */
export const modulesOf = (python: string): string => {
  const { stdout } = spawnSync(python, ['-c', 'import sysconfig; print(sysconfig.get_path("purelib"))'], {
    encoding: 'utf8',
  });
  return stdout.trim();
};

/** Spark, fetched if it is not there yet; a machine without Java or Python gives one line that says what it lacks. */
export const sparkHere = async (): Promise<SparkEnvironment | { readonly missing: string }> => {
  const state = await sparkState({ env: process.env });
  if (state.state === 'impossible') return { missing: state.missing };
  return sparkEnvironment({
    env: process.env,
    onInstall: (line) => process.stderr.write(`${line}\n`),
  });
};
