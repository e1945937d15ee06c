import { cp, mkdir, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { withoutFailpoints } from '@sluice/lake-storage/failpoint-define';
import type { Metafile } from 'esbuild';
import { z } from 'zod';

/** As Node and npm name them; Lambda calls x64 `x86_64`. */
export type BundleArchitecture = 'x64' | 'arm64';

export interface BundleOptions {
  /** The path of a `handler.ts`. */
  readonly entry: string;
  /** Becomes the function's code: `index.mjs`, and the native parts it needs. Emptied first. */
  readonly outDir: string;
  readonly architecture: BundleArchitecture;
  /**
   * A file of the workspace that depends on `@duckdb/node-bindings-linux-<architecture>`. By default DuckDB's own, to
   * which a package manager gives the binding of the machine that it runs on.
   */
  readonly bindingsFrom?: string;
}

/** The handler's name in the function's configuration. */
export const handlerName = 'index.handler';

const duckdbBindings = '@duckdb/node-bindings';

/**
 * Bundles a Lambda with everything it needs, the SDK included, as infra deploys it and tests run it. The same sources
 * give the same bytes, wherever they lie.
 *
 * @throws Error if the architecture's binding is not installed, or is of another version than DuckDB's JavaScript
 */
export const bundleLambda = async ({
  entry,
  outDir,
  architecture,
  bindingsFrom,
}: BundleOptions): Promise<void> => {
  await rm(outDir, { recursive: true, force: true });
  await mkdir(outDir, { recursive: true });
  // Loaded here, because synth needs this file's names and not esbuild.
  const { build } = await import('esbuild');
  const { metafile } = await build({
    entryPoints: [entry],
    outfile: join(outDir, 'index.mjs'),
    bundle: true,
    minify: true,
    metafile: true,
    platform: 'node',
    target: 'node22',
    format: 'esm',
    mainFields: ['module', 'main'],
    external: [duckdbBindings],
    define: withoutFailpoints,
    legalComments: 'none',
    logLevel: 'error',
    // Some dependencies are CommonJS and require Node's own modules.
    banner: {
      js: "import{createRequire as __require}from'node:module';const require=__require(import.meta.url);",
    },
  });
  const importer = importerOfDuckdb(metafile);
  if (importer) await copyDuckdb({ importer: resolve(importer), outDir, architecture, bindingsFrom });
};

const importerOfDuckdb = ({ inputs, outputs }: Metafile): string | undefined => {
  const isNeeded = Object.values(outputs).some((one) =>
    one.imports.some(({ path }) => path === duckdbBindings),
  );
  if (!isNeeded) return undefined;
  return Object.keys(inputs).find((path) => inputs[path]?.imports.some((one) => one.path === duckdbBindings));
};

/** DuckDB's native library cannot be bundled: it goes beside the bundle, where Node looks for packages. */
const copyDuckdb = async ({
  importer,
  outDir,
  architecture,
  bindingsFrom,
}: Pick<BundleOptions, 'outDir' | 'architecture'> & {
  readonly importer: string;
  readonly bindingsFrom: string | undefined;
}): Promise<void> => {
  const bindings = createRequire(importer).resolve(`${duckdbBindings}/package.json`);
  const native = `${duckdbBindings}-linux-${architecture}`;
  const from = bindingsFrom === undefined ? bindings : resolve(bindingsFrom);
  let nativeManifest: string;
  try {
    nativeManifest = createRequire(from).resolve(`${native}/package.json`);
  } catch (cause) {
    const advice =
      bindingsFrom === undefined
        ? 'say with `bindingsFrom` which workspace has it'
        : `add it to the devDependencies of the workspace of ${bindingsFrom}, and run pnpm install`;
    throw new Error(`The package ${native} is not installed: ${advice}.`, { cause });
  }
  const [version, nativeVersion] = await Promise.all([versionOf(bindings), versionOf(nativeManifest)]);
  if (nativeVersion !== version)
    throw new Error(
      `${native} is ${nativeVersion}, but ${duckdbBindings} is ${version}: give both one version.`,
    );
  for (const [name, path] of [
    [duckdbBindings, bindings],
    [native, nativeManifest],
  ] as const) {
    await cp(dirname(path), join(outDir, 'node_modules', name), {
      recursive: true,
      dereference: true,
      filter: (file) => !isForReaders.test(file),
    });
  }
};

/** What no program loads. The licence stays: it goes wherever the library goes. */
const isForReaders = /\.(?:md|d\.ts)$/;

const manifest = z.object({ version: z.string() });
const versionOf = async (path: string): Promise<string> =>
  manifest.parse(JSON.parse(await readFile(path, 'utf8'))).version;
