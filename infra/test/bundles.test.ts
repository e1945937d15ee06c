import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, readdir, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { handlerName } from '@sluice/lambda-kit/bundle-lambda';
import { unzipSync } from 'fflate';
import { type Bundle, bundleApps, checkSize } from '../src/bundles.ts';
import { type Elf, readElf } from './elf.ts';

const checkout = fileURLToPath(new URL('../../', import.meta.url));
const apps = ['start-pipeline', 'validate-object', 'score-quality', 'transform-object', 'publish-run'];
const appsWithDuckdb = ['score-quality', 'transform-object'];
const architectures = ['x86_64', 'arm64'] as const;
const MIB = 1024 * 1024;

// Amazon Linux 2023, on which nodejs22.x runs, has glibc 2.34 and gcc 11:
// https://docs.aws.amazon.com/linux/al2023/ug/core-glibc.html. What gcc 11's libraries offer:
// https://gcc.gnu.org/onlinedocs/libstdc++/manual/abi.html
const offered: Readonly<Record<string, string>> = {
  GLIBC: '2.34',
  GLIBCXX: '3.4.29',
  CXXABI: '1.3.13',
  GCC: '7.0.0',
};

const isAtMost = (version: string, limit: string): boolean => {
  const [a, b] = [version, limit].map((one) => one.split('.').map(Number));
  for (const [index, part] of (a ?? []).entries()) {
    const difference = part - (b?.[index] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return true;
};

/** The needs that Amazon Linux 2023 cannot meet. */
const beyondAmazonLinux = ({ needs }: Pick<Elf, 'needs'>): string[] =>
  needs
    .map(({ version }) => version)
    .filter((need) => {
      const [family = '', version = ''] = need.split('_');
      const limit = offered[family];
      return limit === undefined || !isAtMost(version, limit);
    });

let folder: string;
const outDir = (architecture: string, whose = 'ours') => join(folder, whose, architecture);
const zipOf = (app: string, architecture: string, whose = 'ours') =>
  readFile(join(outDir(architecture, whose), `${app}.zip`));

/** The sources at another depth of another folder, with the same dependencies. */
const copyOfCheckout = async (): Promise<string> => {
  const copy = join(folder, 'a', 'much', 'deeper', 'checkout');
  await mkdir(copy, { recursive: true });
  await symlink(join(checkout, 'node_modules'), join(copy, 'node_modules'));
  for (const file of ['package.json', 'tsconfig.json']) await cp(join(checkout, file), join(copy, file));
  const rooms = await Promise.all(
    ['apps', 'packages'].map(async (room) =>
      (await readdir(join(checkout, room))).map((name) => join(room, name)),
    ),
  );
  for (const workspace of [...rooms.flat(), 'infra'])
    for (const part of ['package.json', 'src', 'node_modules'])
      await cp(join(checkout, workspace, part), join(copy, workspace, part), {
        recursive: true,
        verbatimSymlinks: true,
      });
  return copy;
};

/** Answers what the script prints as JSON; anything else that is printed is a failure. */
const inNode = async (
  script: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly env: Readonly<Record<string, string>> },
) => {
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '--eval', script, ...args],
    options,
  );
  if (stderr !== '') throw new Error(stderr);
  return JSON.parse(stdout);
};

const bundler = `
const [bundles, umask, requests] = process.argv.slice(1);
process.umask(Number(umask));
const { bundleApps } = await import(bundles);
const made = [];
for (const request of JSON.parse(requests)) made.push([request.architecture, await bundleApps(request)]);
console.log(JSON.stringify(made));
`;

interface Machine {
  readonly checkout: string;
  readonly workingFolder: string;
  readonly umask: number;
  readonly timeZone: string;
}

/** In a process of its own, which is where a time zone comes from, and much faster than within a test. */
const bundleOn = async (machine: Machine, whose: string): Promise<Map<string, readonly Bundle[]>> => {
  const bundles = pathToFileURL(join(machine.checkout, 'infra', 'src', 'bundles.ts')).href;
  const requests = architectures.map((architecture) => ({
    apps,
    architecture,
    outDir: outDir(architecture, whose),
  }));
  return new Map(
    await inNode(bundler, [bundles, String(machine.umask), JSON.stringify(requests)], {
      cwd: machine.workingFolder,
      env: { PATH: process.env.PATH ?? '', TZ: machine.timeZone },
    }),
  );
};

let ours: Awaited<ReturnType<typeof bundleOn>>;

beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'infra-bundles-')));
  const copy = await copyOfCheckout();
  [ours] = await Promise.all([
    bundleOn({ checkout, workingFolder: checkout, umask: 0o022, timeZone: 'America/New_York' }, 'ours'),
    bundleOn(
      { checkout: copy, workingFolder: folder, umask: 0o077, timeZone: 'Pacific/Kiritimati' },
      'theirs',
    ),
  ]);
}, 180_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

test.each(architectures)(
  'for %s, another checkout, working folder, umask and time zone give the same bytes',
  async (architecture) => {
    for (const app of apps) {
      const zips = [await zipOf(app, architecture), await zipOf(app, architecture, 'theirs')];
      const hashes = zips.map((zip) => createHash('sha256').update(zip).digest('hex'));
      expect({ app, hash: hashes[0] }).toEqual({ app, hash: hashes[1] });
    }
  },
);

test('bundling again replaces what was there, and leaves nothing else', async () => {
  const zip = join(outDir('again'), 'publish-run.zip');
  await mkdir(outDir('again'), { recursive: true });
  await writeFile(zip, 'of an older version');
  await bundleApps({ apps: ['publish-run'], architecture: 'x86_64', outDir: outDir('again') });
  expect((await readFile(zip)).equals(await zipOf('publish-run', 'x86_64'))).toBe(true);
  expect(await readdir(outDir('again'))).toEqual(['publish-run.zip']);
});

test('an app that is none is refused by its name', async () => {
  const request = { apps: ['bake-bread'], architecture: 'x86_64', outDir: outDir('none') } as const;
  await expect(bundleApps(request)).rejects.toThrow('@sluice/bake-bread');
  expect(await readdir(outDir('none'))).toEqual([]);
});

describe('what Lambda would refuse is refused before it is uploaded', () => {
  const [zippedBytes, unzippedBytes] = [50 * MIB, 250 * MIB];
  test('as it is, it passes', () => {
    expect(() => checkSize({ app: 'one', zippedBytes, unzippedBytes })).not.toThrow();
  });
  test.each([
    ['51.0 MiB zipped, and Lambda takes 50', { zippedBytes: 51 * MIB, unzippedBytes }],
    ['251.0 MiB unzipped, and Lambda takes 250', { zippedBytes, unzippedBytes: 251 * MIB }],
  ])('%s', (message, sizes) => {
    expect(() => checkSize({ app: 'one', ...sizes })).toThrow(`The bundle of one has ${message}`);
  });
});

/** As `zipinfo` shows it: the files in their order, with their Unix modes. */
const directoryOf = (zip: Buffer): { readonly path: string; readonly mode: string }[] => {
  const end = zip.lastIndexOf('PK\x05\x06', undefined, 'latin1');
  let at = zip.readUInt32LE(end + 16);
  return Array.from({ length: zip.readUInt16LE(end + 10) }, () => {
    const [name, extra, comment] = [28, 30, 32].map((field) => zip.readUInt16LE(at + field));
    const path = zip.toString('utf8', at + 46, at + 46 + (name ?? 0));
    const isOfUnix = zip[at + 5] === 3;
    const mode = isOfUnix ? (zip.readUInt32LE(at + 38) >>> 16).toString(8) : 'none';
    at += 46 + (name ?? 0) + (extra ?? 0) + (comment ?? 0);
    return { path, mode };
  });
};

describe.each(architectures)('for %s', (architecture) => {
  test('the sizes that are told are those of the files', async () => {
    for (const { app, zip, zippedBytes, unzippedBytes } of ours.get(architecture) ?? []) {
      const content = await readFile(zip);
      const unzipped = Object.values(unzipSync(content)).reduce((sum, { length }) => sum + length, 0);
      expect({ app, zippedBytes, unzippedBytes }).toEqual({
        app,
        zippedBytes: content.length,
        unzippedBytes: unzipped,
      });
    }
    expect(ours.get(architecture)?.map(({ app }) => app)).toEqual(apps);
  });

  test.each(apps)('%s has its handler, and everybody may read its files', async (app) => {
    const files = directoryOf(await zipOf(app, architecture));
    const [module] = handlerName.split('.');
    expect(files.map(({ path }) => path)).toContain(`${module}.mjs`);
    expect(files.filter(({ mode }) => mode !== '100644')).toEqual([]);
  });

  test.each(appsWithDuckdb)('%s has a DuckDB that Amazon Linux 2023 can load', async (app) => {
    const files = unzipSync(await zipOf(app, architecture), {
      filter: ({ name }) => /\.(node|so)$/.test(name),
    });
    const machine = { x86_64: 'x86-64', arm64: 'aarch64' }[architecture];
    expect(Object.keys(files).map((path) => path.split('/').at(-1))).toEqual(['duckdb.node', 'libduckdb.so']);
    for (const content of Object.values(files)) {
      const elf = readElf(content);
      expect(elf.machine).toBe(machine);
      const families = new Set(elf.needs.map(({ version }) => version.split('_')[0]));
      expect([...families].sort()).toEqual(['CXXABI', 'GCC', 'GLIBC', 'GLIBCXX']);
      expect(beyondAmazonLinux(elf)).toEqual([]);
    }
  });
});

// DuckDB's builds from 1.3.2 to 1.4.0 did: https://github.com/duckdb/duckdb-node-neo/issues/302
test.each(['GLIBCXX_3.4.30', 'GLIBC_2.35', 'CXXABI_1.3.14', 'GLIBC_PRIVATE', 'LIBSSL_3'])(
  'a library that needs %s would be found out',
  (version) => {
    const needs = ['GLIBC_2.34', 'GLIBC_2.4', 'GLIBCXX_3.4', version].map((name) => ({
      library: 'a',
      version: name,
    }));
    expect(beyondAmazonLinux({ needs })).toEqual([version]);
  },
);

/** Imports the handler's module, as Lambda does, and runs a query in the DuckDB that came with it. */
const coldStart = `
import { createRequire } from 'node:module';
const { handler } = await import(process.argv[1]);
const duckdb = createRequire(process.argv[1])('@duckdb/node-bindings');
const connection = await duckdb.connect(await duckdb.open(':memory:'));
const result = await duckdb.query(connection, 'SELECT sum(range)::INTEGER AS total FROM range(10)');
const chunk = await duckdb.fetch_chunk(result);
const bytes = duckdb.vector_get_data(duckdb.data_chunk_get_vector(chunk, 0), 4);
const total = new DataView(bytes.buffer, bytes.byteOffset).getInt32(0, true);
const libraries = process.report.getReport().sharedObjects.filter((path) => path.includes('duckdb'));
console.log(JSON.stringify({ handler: typeof handler, total, libraries }));
`;

const thisMachine = `${process.platform}-${process.arch}`;
const loadable = { 'linux-x64': 'x86_64', 'linux-arm64': 'arm64' }[thisMachine];

(loadable ? test : test.skip)(
  'unzipped, transform-object loads its own DuckDB and nothing from here',
  async () => {
    const task = join(folder, 'task');
    for (const [path, content] of Object.entries(unzipSync(await zipOf('transform-object', `${loadable}`)))) {
      await mkdir(dirname(join(task, path)), { recursive: true });
      await writeFile(join(task, path), content, { mode: 0o644 });
    }
    const { handler, total, libraries } = await inNode(
      coldStart,
      [pathToFileURL(join(task, 'index.mjs')).href],
      {
        cwd: task,
        env: {
          CURATED_BUCKET: 'curated',
          AWS_REGION: 'eu-central-1',
          AWS_LAMBDA_FUNCTION_NAME: 'transform-object',
          AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '1024',
        },
      },
    );
    expect({ handler, total }).toEqual({ handler: 'function', total: 45 });
    expect(libraries).toHaveLength(2);
    for (const library of libraries) expect(library).toContain(join(task, 'node_modules'));
  },
);
