import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type BundleOptions, bundleLambda } from '../src/bundle-lambda.ts';

const bindings = '@duckdb/node-bindings';
const arm64 = '@duckdb/node-bindings-linux-arm64';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bundle-lambda-'));
  await write('app/handler.ts', 'export const handler = async (): Promise<string> => "done";');
  await write('infra/bundles.ts', '');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const write = async (path: string, content: string): Promise<void> => {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), content);
};
const install = async (
  into: string,
  name: string,
  version: string,
  files: readonly string[],
): Promise<void> => {
  const main = files.find((file) => file.endsWith('.js'));
  await write(`${into}/node_modules/${name}/package.json`, JSON.stringify({ name, version, main }));
  for (const file of files) await write(`${into}/node_modules/${name}/${file}`, `// ${file}`);
};
const options = (bindingsFrom?: string): BundleOptions => ({
  entry: join(folder, 'app/handler.ts'),
  outDir: join(folder, 'out'),
  architecture: 'arm64',
  ...(bindingsFrom === undefined ? {} : { bindingsFrom: join(folder, bindingsFrom) }),
});
const bundle = (bindingsFrom?: string): Promise<void> => bundleLambda(options(bindingsFrom));
const bundled = async (): Promise<string[]> => {
  const entries = await readdir(join(folder, 'out'), { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return files.map((file) => join(file.parentPath, file.name).slice(join(folder, 'out/').length)).sort();
};

describe('a bundle', () => {
  test('without native parts is one file, of an ES module', async () => {
    await bundle();
    expect(await bundled()).toEqual(['index.mjs']);
    const { handler } = await import(join(folder, 'out/index.mjs'));
    expect(await handler()).toBe('done');
  });

  test('holds nothing of the last one', async () => {
    await write('out/left-over.txt', '');
    await bundle();
    expect(await bundled()).toEqual(['index.mjs']);
  });
});

describe('a bundle with DuckDB', () => {
  beforeEach(async () => {
    await write(
      'app/handler.ts',
      `import * as duckdb from '${bindings}';\nexport const handler = () => duckdb;`,
    );
    await install('app', bindings, '1.5.5', ['duckdb.js', 'duckdb.d.ts', 'README.md', 'LICENSE']);
  });

  test('takes the binding from the workspace that has it, and only what is loaded, or has to go along', async () => {
    await install('infra', arm64, '1.5.5', ['duckdb.node', 'libduckdb.so', 'README.md', 'LICENSE']);
    await bundle('infra/bundles.ts');
    const files = {
      [bindings]: ['LICENSE', 'duckdb.js', 'package.json'],
      [arm64]: ['LICENSE', 'duckdb.node', 'libduckdb.so', 'package.json'],
    };
    const paths = Object.entries(files).flatMap(([name, of]) =>
      of.map((file) => `node_modules/${name}/${file}`),
    );
    expect(await bundled()).toEqual(['index.mjs', ...paths].sort());
    expect(await readFile(join(folder, 'out/index.mjs'), 'utf8')).toContain(`from"${bindings}"`);
  });

  test('takes the binding that is beside DuckDB, if nobody says where else', async () => {
    await install('app', arm64, '1.5.5', ['duckdb.node']);
    await bundle();
    expect(await bundled()).toContain(`node_modules/${arm64}/duckdb.node`);
  });

  // Under pnpm, NODE_PATH gives Jest the packages of all workspaces.
  const messageWithoutNodePath = async (bindingsFrom?: string): Promise<string> => {
    const script = `
      const [file, options] = process.argv.slice(1);
      const { bundleLambda } = await import(file);
      await bundleLambda(JSON.parse(options)).catch((error) => console.log(error.message));
    `;
    const file = new URL('../src/bundle-lambda.ts', import.meta.url).href;
    const args = ['--input-type=module', '--eval', script, file, JSON.stringify(options(bindingsFrom))];
    return (await promisify(execFile)(process.execPath, args, { env: {} })).stdout.trim();
  };

  test('says who has to install a binding that is missing', async () => {
    expect(await messageWithoutNodePath('infra/bundles.ts')).toBe(
      `The package ${arm64} is not installed: add it to the devDependencies of the workspace of ${join(folder, 'infra/bundles.ts')}, and run pnpm install.`,
    );
  });

  test('says what to say if DuckDB has no such binding beside it', async () => {
    expect(await messageWithoutNodePath()).toBe(
      `The package ${arm64} is not installed: say with \`bindingsFrom\` which workspace has it.`,
    );
  });

  test('refuses a binding of another version', async () => {
    await install('infra', arm64, '1.5.6', ['duckdb.node']);
    await expect(bundle('infra/bundles.ts')).rejects.toThrow(
      `${arm64} is 1.5.6, but ${bindings} is 1.5.5: give both one version.`,
    );
  });
});
