import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleLambda } from '@sluice/lambda-kit/bundle-lambda';
import type { Environment } from './environments/environment.ts';
import { type PackedFile, zipOf } from './zip.ts';

const MIB = 1024 * 1024;

// "Deployment package (.zip file archive) size": https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
const maxZippedBytes = 50 * MIB;
const maxUnzippedBytes = 250 * MIB;

const thisFile = fileURLToPath(import.meta.url);

const npmNames = { arm64: 'arm64', x86_64: 'x64' } as const;

interface BundleRequest {
  /** Folders of `apps/`. */
  readonly apps: readonly string[];
  readonly architecture: Environment['lambda']['architecture'];
  /** Gets an `<app>.zip` for each; made if it is not there. */
  readonly outDir: string;
}

export interface Bundle {
  readonly app: string;
  /** The path of its zip. */
  readonly zip: string;
  readonly zippedBytes: number;
  readonly unzippedBytes: number;
}

/**
 * Bundles apps into the zips that Lambda takes. The same sources and dependencies give the same bytes on any machine,
 * so that a plan shows a function as changed only if its code did.
 *
 * @throws Error if an app has no handler, a native part is not installed, or a zip is larger than Lambda takes
 */
export const bundleApps = async ({ apps, architecture, outDir }: BundleRequest): Promise<Bundle[]> => {
  await mkdir(outDir, { recursive: true });
  const folder = await mkdtemp(join(tmpdir(), 'sluice-bundles-'));
  try {
    const bundles: Bundle[] = [];
    for (const app of apps) {
      await bundleLambda({
        entry: handlerOf(app),
        outDir: folder,
        architecture: npmNames[architecture],
        bindingsFrom: thisFile,
      });
      const files = await filesIn(folder);
      const zipped = zipOf(files);
      const zip = join(outDir, `${app}.zip`);
      const unzippedBytes = files.reduce((sum, { content }) => sum + content.length, 0);
      const bundle = { app, zip, zippedBytes: zipped.length, unzippedBytes };
      checkSize(bundle);
      await replaceFile(zip, zipped);
      bundles.push(bundle);
    }
    return bundles;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

/** An app exports `./env` to infra; its handler lies beside that. */
const handlerOf = (app: string): string =>
  join(dirname(createRequire(import.meta.url).resolve(`@sluice/${app}/env`)), 'handler.ts');

const filesIn = async (folder: string): Promise<PackedFile[]> => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'));
  // A folder lists its files in an order of its own. Sorted by code units: a locale would be the machine's.
  paths.sort();
  return Promise.all(paths.map(async (path) => ({ path, content: await readFile(join(folder, path)) })));
};

export const checkSize = ({ app, zippedBytes, unzippedBytes }: Omit<Bundle, 'zip'>): void => {
  const tooLarge = (bytes: number, how: string, limit: number): Error =>
    new Error(
      `The bundle of ${app} has ${(bytes / MIB).toFixed(1)} MiB ${how}, and Lambda takes ${limit / MIB}: look for a dependency that came in.`,
    );
  if (zippedBytes > maxZippedBytes) throw tooLarge(zippedBytes, 'zipped', maxZippedBytes);
  if (unzippedBytes > maxUnzippedBytes) throw tooLarge(unzippedBytes, 'unzipped', maxUnzippedBytes);
};

/** All or nothing: Terraform may be reading the file, and whoever bundles may be interrupted. */
const replaceFile = async (path: string, content: Uint8Array): Promise<void> => {
  const unfinished = `${path}.${randomUUID()}`;
  try {
    await writeFile(unfinished, content);
    await rename(unfinished, path);
  } catch (cause) {
    await rm(unfinished, { force: true });
    throw cause;
  }
};
