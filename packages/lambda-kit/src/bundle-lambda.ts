import { cp, mkdir, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { withoutFailpoints } from '@sluice/lake-storage/failpoint-define';
import { build, type Metafile } from 'esbuild';

export interface BundleOptions {
  /** The path of a `handler.ts`. */
  readonly entry: string;
  /** Becomes the function's code: `index.mjs`, and the native parts it needs. Emptied first. */
  readonly outDir: string;
  readonly architecture: 'x64' | 'arm64';
}

/** The handler's name in the function's configuration. */
export const handlerName = 'index.handler';

const duckdbBindings = '@duckdb/node-bindings';

/** Bundles a Lambda with everything it needs, the SDK included, as infra deploys it and tests run it. */
export const bundleLambda = async ({ entry, outDir, architecture }: BundleOptions): Promise<void> => {
  await rm(outDir, { recursive: true, force: true });
  await mkdir(outDir, { recursive: true });
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
  if (importer) await copyDuckdb(importer, outDir, architecture);
};

const importerOfDuckdb = ({ inputs, outputs }: Metafile): string | undefined => {
  const isNeeded = Object.values(outputs).some((one) =>
    one.imports.some(({ path }) => path === duckdbBindings),
  );
  if (!isNeeded) return undefined;
  return Object.keys(inputs).find((path) => inputs[path]?.imports.some((one) => one.path === duckdbBindings));
};

/** DuckDB's native library cannot be bundled: it goes beside the bundle, where Node looks for packages. */
const copyDuckdb = async (
  importer: string,
  outDir: string,
  architecture: BundleOptions['architecture'],
): Promise<void> => {
  const bindings = createRequire(resolve(importer)).resolve(`${duckdbBindings}/package.json`);
  const native = `${duckdbBindings}-linux-${architecture}`;
  let nativeManifest: string;
  try {
    nativeManifest = createRequire(bindings).resolve(`${native}/package.json`);
  } catch (cause) {
    const advice = 'add the architecture to supportedArchitectures in pnpm-workspace.yaml and install';
    throw new Error(`The package ${native} is not installed: ${advice}.`, { cause });
  }
  for (const [name, manifest] of [
    [duckdbBindings, bindings],
    [native, nativeManifest],
  ] as const) {
    await cp(dirname(manifest), join(outDir, 'node_modules', name), { recursive: true, dereference: true });
  }
};
