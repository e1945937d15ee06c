import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { dev } from '../src/environments/dev.ts';
import { environmentNamed, environments } from '../src/environments/index.ts';
import { synthesize } from '../src/synth.ts';
import { stackOf } from './synthesized.ts';

const made: string[] = [];
const folder = (): string => {
  const path = mkdtempSync(join(tmpdir(), 'sluice-synth-'));
  made.push(path);
  return path;
};
afterAll(() => {
  for (const path of made) rmSync(path, { recursive: true, force: true });
});

/** What a folder holds: each file, and a hash of its bytes. */
const digests = (path: string): [file: string, hash: string][] =>
  readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .map((file) => [
      file.slice(path.length + 1),
      createHash('sha256').update(readFileSync(file)).digest('hex'),
    ]);

const here = (): [string, string][] => {
  const path = folder();
  synthesize(path);
  return digests(path);
};

// Another time, other chances, and no way out: what looks at them gives other bytes, or none. (A dependency of CDKTF draws
// a random number when it is loaded, for a mark of its own, so chance cannot be forbidden.)
const elsewhere = `
  Object.assign(process.getBuiltinModule('crypto'), {
    randomBytes: (size) => Buffer.alloc(size, 7),
    randomUUID: () => '7',
  });
  Math.random = () => 0.7;
  const dayOne = 86_400_000;
  Date.now = () => dayOne;
  globalThis.Date = new Proxy(Date, {
    construct: (target, values) => new target(...(values.length > 0 ? values : [dayOne])),
  });
  const offline = () => { throw new Error('synth looks for the network'); };
  process.getBuiltinModule('net').Socket.prototype.connect = offline;
  process.getBuiltinModule('dns').lookup = offline;
  globalThis.fetch = offline;
`;

const synthesizeElsewhere = (outDir: string): void => {
  const synth = fileURLToPath(new URL('../src/synth.ts', import.meta.url));
  execFileSync(
    process.execPath,
    [
      '--import',
      `data:text/javascript,${encodeURIComponent(elsewhere)}`,
      '--input-type=module',
      '--eval',
      `const { synthesize } = await import(${JSON.stringify(synth)}); synthesize(process.argv[1]);`,
      outDir,
    ],
    { cwd: '/', env: { TZ: 'Pacific/Kiritimati', LC_ALL: 'tr_TR.UTF-8' }, stdio: 'pipe' },
  );
};

const provider = z.looseObject({
  provider: z.object({
    aws: z.tuple([
      z.object({ default_tags: z.tuple([z.object({ tags: z.record(z.string(), z.string()) })]) }),
    ]),
  }),
});

describe('synthesizing', () => {
  test('gives the same bytes twice', () => {
    expect(here()).toEqual(here());
  });

  test('gives the same bytes at another time and place, without network, home and credentials', () => {
    const path = folder();
    synthesizeElsewhere(path);
    expect(digests(path)).toEqual(here());
  });

  test('takes less than ten seconds for all environments', () => {
    const start = performance.now();
    synthesize(folder());
    expect(performance.now() - start).toBeLessThan(10_000);
  });

  test('makes two stacks for each environment', () => {
    const path = folder();
    synthesize(path);
    const names = environments.map(({ name }) => name);
    expect(readdirSync(join(path, 'stacks')).sort()).toEqual(
      [...names, ...names.map((name) => `state-${name}`)].sort(),
    );
  });

  test.each(environments)(
    'marks everything in $name with project, environment and what its owner wants',
    (environment) => {
      const [
        {
          default_tags: [{ tags }],
        },
      ] = provider.parse(stackOf(environment)).provider.aws;
      expect(tags).toEqual({
        Project: 'sluice',
        Lake: environment.namePrefix,
        Environment: environment.name,
        ManagedBy: 'terraform',
        ...environment.tags,
      });
    },
  );

  test('writes nothing for an environment that is not complete, and says so in one line', () => {
    const path = folder();
    const broken = { ...dev, alarms: { ...dev.alarms, qualityScore: 101 } };
    expect(() => synthesize(path, [broken])).toThrow(
      /^The environment "dev" cannot be synthesized\. alarms\.qualityScore: [^\n]+$/,
    );
    expect(digests(path)).toEqual([]);
  });

  test('knows no environment but those that are written down', () => {
    expect(() => environmentNamed('production')).toThrow(
      /^There is no environment "production"; there are dev, staging, prod\.$/,
    );
  });
});
