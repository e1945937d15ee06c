import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

const bootstrap = fileURLToPath(new URL('../bootstrap.js', import.meta.url));

// A clone in which npm "fetches" a pnpm that "installs": both write down how they were called.
const pnpm = `#!/bin/sh
echo "pnpm $*" >>calls
mkdir -p node_modules
case "$*" in *--prod*) ;; *) mkdir -p node_modules/turbo ;; esac
`;
const npm = `#!/bin/sh
echo "npm $1" >>calls
if [ -n "$OFFLINE" ]; then echo "npm error code EAI_AGAIN" >&2; exit 1; fi
mkdir -p "$3/node_modules/.bin"
cp fake-pnpm "$3/node_modules/.bin/pnpm"
`;
const cli = `
process.stdout.write(JSON.stringify(process.argv.slice(2)));
process.exitCode = process.argv.includes('--fail') ? 3 : 0;
`;

let clone: string;

beforeEach(() => {
  clone = mkdtempSync(join(tmpdir(), 'bootstrap-'));
  write('package.json', JSON.stringify({ type: 'module', packageManager: 'pnpm@10.0.0' }));
  write('pnpm-lock.yaml', 'lockfileVersion: 9.0\n');
  write('pnpm-workspace.yaml', 'packages: [apps/*]\n');
  for (const program of ['apps/cli/src/main.ts', 'infra/src/deploy/main.ts']) write(program, cli);
  write('fake-pnpm', pnpm);
  write('bin/npm', npm);
  for (const program of ['fake-pnpm', 'bin/npm']) chmodSync(join(clone, program), 0o755);
  cpSync(bootstrap, join(clone, 'scripts/bootstrap.js'));
});
afterEach(() => rmSync(clone, { recursive: true }));

function write(file: string, text: string): void {
  mkdirSync(dirname(join(clone, file)), { recursive: true });
  writeFileSync(join(clone, file), text);
}

const run = (args: readonly string[], env: Record<string, string> = {}) =>
  spawnSync(process.execPath, [join(clone, 'scripts/bootstrap.js'), ...args], {
    cwd: clone,
    encoding: 'utf8',
    env: { ...env, PATH: [join(clone, 'bin'), process.env.PATH].join(delimiter) },
  });

/** How npm and pnpm were called since the last time. */
function calls(): string[] {
  const file = join(clone, 'calls');
  const lines = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
  rmSync(file, { force: true });
  return lines.map((line) =>
    line.startsWith('pnpm') ? (line.includes('--prod') ? 'install cli' : 'install all') : line,
  );
}

describe('the first start', () => {
  test('fetches pnpm, installs what the command line needs and runs the demo', () => {
    const { stdout, status } = run(['start']);
    expect(stdout).toBe('["demo"]');
    expect(status).toBe(0);
    expect(calls()).toEqual(['npm install', 'install cli']);
  });

  test('says on standard error what it does, a line for each step', () => {
    expect(run(['start']).stderr).toMatch(/^Fetching pnpm@10\.0\.0… [\d.]+ s\nInstalling .*… [\d.]+ s\n$/);
  });

  test('without a network says in one line what to do, and leaves nothing half-made', () => {
    const { stderr, status } = run(['start'], { OFFLINE: '1' });
    expect(stderr).toMatch(/failed\npnpm could not be fetched: the package registry does not answer\..*\n$/);
    expect(status).toBe(1);
    calls();
    expect(run(['start']).status).toBe(0);
    expect(calls()).toEqual(['npm install', 'install cli']);
  });
});

describe('a later start', () => {
  beforeEach(() => {
    run(['start']);
    calls();
  });

  test('calls neither npm nor pnpm and says nothing of its own', () => {
    expect(run(['start']).stderr).toBe('');
    expect(calls()).toEqual([]);
  });

  test('installs again once the lockfile has changed', () => {
    write('pnpm-lock.yaml', 'lockfileVersion: 9.1\n');
    run(['start']);
    expect(calls()).toEqual(['install cli']);
  });

  test('keeps what was installed for development', () => {
    run(['install']);
    expect(calls()).toEqual(['install all']);
    run(['start']);
    expect(calls()).toEqual([]);
    write('pnpm-lock.yaml', 'lockfileVersion: 9.1\n');
    run(['start']);
    expect(calls()).toEqual(['install all']);
  });

  test('hands its arguments and its exit code on', () => {
    const { stdout, status } = run(['start', 'run', 'my file.csv', '--fail']);
    expect(stdout).toBe('["run","my file.csv","--fail"]');
    expect(status).toBe(3);
  });
});

describe('a deploy', () => {
  test('installs everything, and hands its arguments and its exit code on', () => {
    const { stdout, status } = run(['infra', 'deploy', 'dev', '--fail']);
    expect(stdout).toBe('["deploy","dev","--fail"]');
    expect(status).toBe(3);
    expect(calls()).toEqual(['npm install', 'install all']);
  });
});

test('an installation that fails shows why', () => {
  write('fake-pnpm', '#!/bin/sh\necho "ERR_PNPM_OUTDATED_LOCKFILE"\nexit 1\n');
  chmodSync(join(clone, 'fake-pnpm'), 0o755);
  const { stderr, status } = run(['start']);
  expect(stderr).toMatch(/failed\nERR_PNPM_OUTDATED_LOCKFILE\nThe packages could not be installed; .*\n$/);
  expect(status).toBe(1);
});

test.each([[[]], [['demo']], [['test', 'datasets']], [['infra']]])(
  'the arguments %j get the usage',
  (args) => {
    expect(run(args).stderr).toMatch(/^Usage: /);
    expect(calls()).toEqual([]);
  },
);
