import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { withoutFailpoints } from '@sluice/lake-storage/failpoint-define';
import { bundleLambda } from './bundle-lambda.ts';

export interface MeasuredBundle {
  /** Of all its files, not zipped. */
  readonly bytes: number;
  /** Median of cold starts: from `import()` of the handler to the end of it. */
  readonly importMs: number;
}

export interface ComparedBundles {
  readonly ours: MeasuredBundle;
  readonly naive: MeasuredBundle;
  /** Ours by naive. */
  readonly sizeRatio: number;
  readonly importRatio: number;
}

export interface MeasuredLambda {
  /** The path of a `handler.ts` without native parts. */
  readonly entry: string;
  /** The variables that infra would set. */
  readonly variables: Readonly<Record<string, string>>;
  /** Cold starts of each; 0 measures the sizes alone. */
  readonly starts: number;
}

/**
 * For benches and tests: our bundle beside the one that esbuild makes of the same code without being told more than
 * `--bundle --platform=node`: the CommonJS builds of the AWS clients with every command, nothing left out or shortened.
 */
export const compareBundles = async ({
  entry,
  variables,
  starts,
}: MeasuredLambda): Promise<ComparedBundles> => {
  const folder = await mkdtemp(join(tmpdir(), 'measure-bundle-'));
  try {
    const [ours, naive] = [join(folder, 'ours'), join(folder, 'naive')];
    await bundleLambda({ entry, outDir: ours, architecture: process.arch === 'arm64' ? 'arm64' : 'x64' });
    await bundleNaively(entry, naive);
    const times: { ours: number[]; naive: number[] } = { ours: [], naive: [] };
    // In turns, so that a machine that slows down slows both.
    for (let start = 0; start < starts; start += 1) {
      times.ours.push(await importMs(join(ours, 'index.mjs'), variables));
      times.naive.push(await importMs(join(naive, 'index.cjs'), variables));
    }
    const measured = {
      ours: { bytes: await bytesIn(ours), importMs: median(times.ours) },
      naive: { bytes: await bytesIn(naive), importMs: median(times.naive) },
    };
    return {
      ...measured,
      sizeRatio: measured.ours.bytes / measured.naive.bytes,
      importRatio: measured.ours.importMs / measured.naive.importMs,
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

/** For a bench: what was measured, as two lines for people. */
export const describeBundles = ({ ours, naive, sizeRatio, importRatio }: ComparedBundles): string => {
  const kib = (bytes: number) => `${(bytes / 1024).toFixed(0)} KiB`;
  const ms = (time: number) => `${time.toFixed(0)} ms`;
  return [
    `size    ${kib(ours.bytes)}, naive ${kib(naive.bytes)}: ${sizeRatio.toFixed(2)} times`,
    `import  ${ms(ours.importMs)}, naive ${ms(naive.importMs)}: ${importRatio.toFixed(2)} times`,
  ].join('\n');
};

const bundleNaively = async (entry: string, outDir: string): Promise<void> => {
  const { build } = await import('esbuild');
  await build({
    entryPoints: [entry],
    outfile: join(outDir, 'index.cjs'),
    bundle: true,
    platform: 'node',
    // What our own tests put into our own code is none of the comparison's.
    define: withoutFailpoints,
    logLevel: 'error',
  });
};

const bytesIn = async (folder: string): Promise<number> => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const sizes = await Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map(async ({ parentPath, name }) => (await stat(join(parentPath, name))).size),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
};

const starter = `
const before = performance.now();
await import(process.argv[1]);
process.stdout.write(String(performance.now() - before));
process.exit(0);
`;

const importMs = async (path: string, variables: Readonly<Record<string, string>>): Promise<number> => {
  const file = pathToFileURL(path).href;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '--eval', starter, file],
    { env: { AWS_REGION: 'eu-central-1', AWS_LAMBDA_FUNCTION_NAME: 'measured', ...variables } },
  );
  return Number(stdout);
};

const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
};
