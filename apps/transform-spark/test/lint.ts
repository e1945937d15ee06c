import { spawnSync } from 'node:child_process';
import { delimiter, dirname } from 'node:path';
import { pythonMissing, systemPython } from '@sluice/scripts/python-env';
import { devPython, programFolder, sparkHere } from './python-tools.ts';

// ruff and pyright over the Spark program. A machine without Python is told so, and in CI fails.

const inCI = process.env.CI === 'true';

const check = (python: string, ...args: readonly string[]): boolean => {
  const { status } = spawnSync(python, ['-m', ...args], {
    cwd: programFolder,
    stdio: 'inherit',
    env: {
      ...process.env,
      // pyright is in its package. It takes the Node that runs this, and asks nobody whether there is a newer one.
      PATH: [dirname(process.execPath), process.env.PATH].join(delimiter),
      PYRIGHT_PYTHON_GLOBAL_NODE: '1',
      PYRIGHT_PYTHON_IGNORE_WARNINGS: '1',
    },
  });
  return status === 0;
};

const isMissing = (what: string, line: string): boolean => {
  process.stderr.write(`${inCI ? 'FAILED' : `SKIPPED: ${what}`}. ${line}\n`);
  return !inCI;
};

const lint = async (): Promise<boolean> => {
  if (systemPython() === null) return isMissing('ruff and pyright', pythonMissing);
  const python = await devPython();
  const isTidy = [check(python, 'ruff', 'check', '.'), check(python, 'ruff', 'format', '--check', '.')];
  const spark = await sparkHere();
  const isTyped =
    'missing' in spark
      ? isMissing('pyright, which reads the types of pyspark', spark.missing)
      : check(python, 'pyright', '--pythonpath', spark.python);
  return isTyped && isTidy.every(Boolean);
};

process.exitCode = (await lint()) ? 0 : 1;
