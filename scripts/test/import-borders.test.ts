import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

const root = fileURLToPath(new URL('../../', import.meta.url));

// Each importing file, what it imports, and the rules that it breaks; one by one in a project made of nothing else.
const imports: readonly [file: string, imported: string, broken: readonly string[]][] = [
  ['packages/datasets/src/reads-below.ts', '@sluice/record-schema', []],
  ['packages/record-schema/src/reads-above.ts', '@sluice/datasets', ['imports-of-record-schema']],
  ['packages/record-schema/test/reads-above.ts', '@sluice/datasets', ['imports-of-record-schema']],
  ['packages/datasets/src/reads-an-app.ts', '@sluice/publish-run/publish-run', ['imports-of-datasets']],
  ['packages/datasets/src/around-the-name.ts', '../../record-schema/src/index.ts', ['imports-by-name']],
  ['packages/datasets/test/with-emulator.ts', '@sluice/aws-emulator', []],
  ['packages/datasets/src/with-emulator.ts', '@sluice/aws-emulator', ['test-support']],
  ['packages/datasets/src/reads-a-test.ts', '../test/fixture.ts', ['test-code']],
  ['packages/datasets/src/reads-dev.ts', 'dev-tool', ['declared-dependencies']],
  ['packages/datasets/test/reads-dev.ts', 'dev-tool', []],
  ['packages/lambda-kit/src/reads-dev.ts', '@sluice/record-schema', ['declared-dependencies']],
  ['packages/lambda-kit/test/reads-dev.ts', '@sluice/record-schema', []],
  ['packages/datasets/src/reads-undeclared.ts', 'undeclared', ['declared-dependencies']],
  ['packages/datasets/src/reads-nothing.ts', './gone.ts', ['resolvable']],
  ['packages/datasets/src/reads-itself.ts', './reads-itself.ts', ['no-cycles']],
  ['packages/workflows/src/with-interpreter.ts', '@sluice/local-stepfunctions', ['imports-of-workflows']],
  ['packages/workflows/test/with-interpreter.ts', '@sluice/local-stepfunctions', []],
  [
    'packages/workflows/test/reads-an-app.ts',
    '@sluice/publish-run/publish-run',
    ['imports-of-workflows-tests'],
  ],
  ['apps/publish-run/src/deps.ts', '@aws-sdk/client-s3', []],
  ['apps/publish-run/src/publish-run.ts', './deps.ts', ['use-case-without-sdk']],
  ['apps/publish-run/src/reads-package.ts', '@sluice/datasets', []],
  ['apps/publish-run/src/reads-app.ts', '@sluice/start-pipeline/env', ['imports-of-apps']],
  ['apps/cli/src/reads-app.ts', '@sluice/publish-run/publish-run', []],
  ['apps/cli/src/reads-handler.ts', '@sluice/publish-run/handler', ['resolvable']],
  ['apps/cli/src/reads-infra.ts', '@sluice/infra', ['imports-of-cli']],
  ['infra/src/reads-env.ts', '@sluice/start-pipeline/env', []],
  ['infra/src/reads-schema.ts', '@sluice/record-schema', []],
  ['infra/src/reads-kit.ts', '@sluice/lambda-kit', ['imports-of-infra']],
  ['infra/src/reads-metrics.ts', '@sluice/lambda-kit/metric-names', []],
  ['infra/src/with-emulator.ts', '@sluice/aws-emulator', ['test-support']],
  ['infra/test/with-emulator.ts', '@sluice/aws-emulator', []],
  ['infra/src/reads-use-case.ts', '@sluice/publish-run/publish-run', ['imports-of-infra']],
  ['infra/test/reads-use-case.ts', '@sluice/publish-run/publish-run', ['imports-of-infra-tests']],
  ['infra/src/with-interpreter.ts', '@sluice/local-stepfunctions', ['imports-of-infra']],
  ['infra/test/with-interpreter.ts', '@sluice/local-stepfunctions', []],
];

interface Workspace {
  readonly exports?: Record<string, string>;
  readonly dependencies?: readonly string[];
}

const index = { '.': './src/index.ts' };
const workspaces: Record<string, Workspace> = {
  'packages/record-schema': { exports: index, dependencies: ['@sluice/datasets'] },
  'packages/datasets': {
    exports: index,
    dependencies: ['@sluice/record-schema', '@sluice/publish-run', '@sluice/aws-emulator'],
  },
  'packages/lambda-kit': { exports: { ...index, './metric-names': './src/metric-names.ts' } },
  'packages/aws-emulator': { exports: index },
  'packages/local-stepfunctions': { exports: index },
  'packages/workflows': {
    exports: index,
    dependencies: ['@sluice/local-stepfunctions', '@sluice/publish-run'],
  },
  'apps/publish-run': {
    exports: { './publish-run': './src/publish-run.ts' },
    dependencies: ['@aws-sdk/client-s3', '@sluice/datasets', '@sluice/start-pipeline'],
  },
  'apps/start-pipeline': { exports: { './env': './src/env.ts' } },
  'apps/cli': { dependencies: ['@sluice/publish-run'] },
  infra: { exports: index },
};

const project = mkdtempSync(join(tmpdir(), 'import-borders-'));
afterAll(() => rmSync(project, { recursive: true }));

function write(file: string, text: string): void {
  mkdirSync(dirname(join(project, file)), { recursive: true });
  writeFileSync(join(project, file), text);
}

function writeProject(): void {
  cpSync(join(root, '.dependency-cruiser.js'), join(project, '.dependency-cruiser.js'));
  write('package.json', JSON.stringify({ type: 'module' }));
  mkdirSync(join(project, 'node_modules/@sluice'), { recursive: true });
  for (const [folder, { exports = {}, dependencies = [] }] of Object.entries(workspaces)) {
    const name = `@sluice/${folder.split('/').at(-1)}`;
    const manifest = {
      name,
      exports,
      dependencies: Object.fromEntries(dependencies.map((dependency) => [dependency, '1.0.0'])),
      devDependencies: { 'dev-tool': '1.0.0' },
    };
    write(`${folder}/package.json`, JSON.stringify(manifest));
    for (const file of Object.values(exports)) write(`${folder}/${file}`, 'export {};\n');
    symlinkSync(join(project, folder), join(project, 'node_modules', name));
  }
  for (const name of ['dev-tool', 'undeclared', '@aws-sdk/client-s3']) {
    write(`node_modules/${name}/package.json`, JSON.stringify({ name, main: 'index.js' }));
    write(`node_modules/${name}/index.js`, '');
  }
  write('packages/datasets/test/fixture.ts', 'export {};\n');
  for (const [file, imported] of imports) write(file, `import '${imported}';\n`);
}

interface Cruise {
  readonly summary: { readonly violations: readonly { from: string; rule: { name: string } }[] };
}

describe('the borders of the rooms', () => {
  let cruise: Cruise;

  beforeAll(() => {
    writeProject();
    const args = ['--config', '.dependency-cruiser.js', '--output-type', 'json', 'apps', 'packages', 'infra'];
    const cruiser = join(root, 'node_modules/.bin/depcruise');
    const { stdout, stderr } = spawnSync(cruiser, args, {
      cwd: project,
      encoding: 'utf8',
      env: { ...process.env, NODE_OPTIONS: '' },
    });
    if (stdout === '') throw new Error(stderr);
    cruise = JSON.parse(stdout);
  }, 30_000);

  test.each(imports)('%s importing %s breaks %j', (file, _imported, broken) => {
    const found = cruise.summary.violations.filter(({ from }) => from === file).map(({ rule }) => rule.name);
    expect(found).toEqual(broken);
  });

  test('no other import is found fault with', () => {
    const expected = imports.filter(([, , broken]) => broken.length > 0).map(([file]) => file);
    expect([...new Set(cruise.summary.violations.map(({ from }) => from))].sort()).toEqual(expected.sort());
  });
});
