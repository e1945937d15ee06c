import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, mkdtempSync, openSync, rmdirSync, writeSync } from 'node:fs';
import { chmod, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { AS_OF, HEADER, smallOrders } from './orders.ts';
import { litterOf, newFolder, sluice, zonesOf } from './sluice.ts';

let folder: Awaited<ReturnType<typeof newFolder>>;
beforeAll(async () => {
  folder = await newFolder();
  // A user without rights comes here, too.
  await chmod(folder.path, 0o755);
});
afterAll(() => folder.remove());

const at = (...names: string[]): string => join(folder.path, ...names);
const noZones = {};

interface BadInput {
  readonly what: string;
  readonly prepare?: () => Promise<unknown> | unknown;
  readonly args: readonly string[];
  readonly code: number;
  /** The error's line, or the reason in the summary of a refused object. */
  readonly says: RegExp;
}

const run = (file: string, dataset = 'orders'): string[] => [
  'run',
  file,
  '--dataset',
  dataset,
  '--as-of',
  AS_OF,
];

const mistakes: readonly BadInput[] = [
  {
    what: 'no such file',
    args: run('missing.csv'),
    code: 2,
    says: /^sluice: no such file: missing\.csv; check the path\n$/,
  },
  {
    what: 'a directory',
    prepare: () => mkdir(at('folder')),
    args: run('folder'),
    code: 2,
    says: /^sluice: folder is a directory; give a file in it\n$/,
  },
  {
    what: 'an unknown dataset',
    prepare: () => writeFile(at('good.csv'), smallOrders),
    args: run('good.csv', 'ordrs'),
    code: 2,
    says: /^sluice: there is no dataset "ordrs"; did you mean orders\?\n$/,
  },
  {
    what: 'a dataset like no other',
    args: run('good.csv', 'qqq'),
    code: 2,
    says: /^sluice: there is no dataset "qqq"; there are .*orders/,
  },
  {
    what: 'no dataset',
    args: ['run', 'good.csv'],
    code: 2,
    says: /^sluice: which dataset\? sluice run good\.csv --dataset D; list them: sluice datasets\n$/,
  },
  {
    what: 'a day that does not exist',
    args: [...run('good.csv').slice(0, -1), '2025-02-30'],
    code: 2,
    says: /^sluice: --as-of "2025-02-30" is no moment; write 2025-06-30 or 2025-06-30T12:00:00Z\n$/,
  },
  {
    what: 'a file as the lake',
    args: [...run('good.csv'), '--lake', 'good.csv'],
    code: 2,
    says: /^sluice: good\.csv is a file, and a lake is a folder; give --lake another one\n$/,
  },
  {
    what: 'a folder of other things as the lake',
    prepare: async () => {
      await mkdir(at('home'));
      await writeFile(at('home', 'letter.txt'), 'Dear');
    },
    args: [...run('good.csv'), '--lake', 'home'],
    code: 2,
    says: /^sluice: home is not empty and not a lake \(it holds "letter\.txt"\); give --lake an empty or a new folder\n$/,
  },
  {
    what: 'a lake of a newer version',
    prepare: async () => {
      await mkdir(at('newer'));
      await writeFile(at('newer', 'lake.json'), '{"layoutVersion":2}');
    },
    args: [...run('good.csv'), '--lake', 'newer'],
    code: 1,
    says: /^sluice: the lake in newer has layout 2, this sluice knows up to 1; use a newer sluice, or another --lake\n$/,
  },
  {
    what: 'a damaged lake.json',
    prepare: async () => {
      await mkdir(at('damaged'));
      await writeFile(at('damaged', 'lake.json'), '{');
    },
    args: ['runs', '--lake', 'damaged'],
    code: 1,
    says: /^sluice: damaged\/lake\.json is damaged; put back \{"layoutVersion":1\}\n$/,
  },
  {
    what: 'a question to no lake',
    args: ['query', 'SELECT 1', '--lake', 'nowhere'],
    code: 2,
    says: /^sluice: there is no lake in nowhere; make one with: sluice demo --lake nowhere\n$/,
  },
  {
    what: 'no command',
    args: ['rum'],
    code: 2,
    says: /^sluice: there is no command "rum"; did you mean run\?\n$/,
  },
  {
    what: 'an unknown option',
    args: ['runs', '--verbose'],
    code: 2,
    says: /^sluice: Unknown option '--verbose'; see: sluice runs --help\n$/,
  },
  {
    what: 'too much',
    args: ['runs', 'a'],
    code: 2,
    says: /^sluice: "a" is too much: sluice runs; see: sluice runs --help\n$/,
  },
];

describe('a mistake in the command line is one line, and no file', () => {
  test.each(mistakes)('$what', async ({ prepare, args, code, says }) => {
    await prepare?.();
    const ended = await sluice(args, { cwd: folder.path });
    expect(ended).toMatchObject({ code, stdout: '' });
    expect(ended.stderr).toMatch(says);
    expect(ended.stderr.split('\n')).toHaveLength(2);
    expect(await zonesOf(at('.lake'))).toEqual(noZones);
  });
});

const gzipped = gzipSync(smallOrders);

const longLine = (path: string): void => {
  const file = openSync(path, 'w');
  writeSync(file, `${HEADER}\nA1,`);
  const piece = Buffer.alloc(1024 * 1024, 'x');
  for (let written = 0; written < 200; written += 1) writeSync(file, piece);
  writeSync(file, ',a@example.com,1,1,1,ACTIVE,2025-06-01 10:00:00,01\n');
  closeSync(file);
};

const refused: readonly BadInput[] = [
  {
    what: 'an empty file',
    prepare: () => writeFile(at('empty.csv'), ''),
    args: run('empty.csv'),
    code: 3,
    says: /the object is empty: it has no bytes \(empty_object\)/,
  },
  {
    what: 'blank lines only',
    prepare: () => writeFile(at('blank.csv'), '\n\n\n'),
    args: run('blank.csv'),
    code: 3,
    says: /\(empty_object\)/,
  },
  {
    what: 'a header only',
    prepare: () => writeFile(at('header.csv'), `${HEADER}\n`),
    args: run('header.csv'),
    code: 4,
    says: /score 0, threshold 70/,
  },
  {
    what: 'a wrong extension',
    prepare: () => writeFile(at('orders.xml'), smallOrders),
    args: run('orders.xml'),
    code: 3,
    says: /ends in none of \.csv.*\(wrong_format\)/,
  },
  {
    what: 'CSV called Parquet',
    prepare: () => writeFile(at('text.parquet'), smallOrders),
    args: run('text.parquet'),
    code: 3,
    says: /\((wrong_format|corrupt_parquet)\)/,
  },
  {
    what: 'binary garbage',
    prepare: () =>
      writeFile(at('garbage.csv'), Buffer.from(Array.from({ length: 5000 }, (_, n) => (n * 7919) % 256))),
    args: run('garbage.csv'),
    code: 3,
    says: /\((wrong_format|bad_header|missing_column)\)/,
  },
  {
    what: 'a truncated gzip',
    prepare: () => writeFile(at('cut.csv.gz'), gzipped.subarray(0, gzipped.length - 20)),
    args: run('cut.csv.gz'),
    code: 3,
    says: /\(corrupt_gzip\)/,
  },
  {
    what: 'a broken Parquet',
    prepare: () =>
      writeFile(
        at('broken.parquet'),
        Buffer.concat([Buffer.from('PAR1'), Buffer.alloc(500, 7), Buffer.from('PAR1')]),
      ),
    args: run('broken.parquet'),
    code: 3,
    says: /\(corrupt_parquet\)/,
  },
  {
    what: 'a broken JSON array',
    prepare: () => writeFile(at('broken.json'), '[{"id":"1"},'),
    args: run('broken.json'),
    code: 3,
    says: /\(broken_array\)/,
  },
  {
    what: 'a line of 200 MB',
    prepare: () => longLine(at('long.csv')),
    args: run('long.csv'),
    code: 3,
    says: /is larger than 16 MiB \(row_too_large\)/,
  },
  {
    what: 'a missing column',
    prepare: () => writeFile(at('missing.csv'), 'name,email\na,b\n'),
    args: run('missing.csv'),
    code: 3,
    says: /the object has no column "id", which is required \(missing_column\)/,
  },
  {
    what: 'a renamed column',
    prepare: () => writeFile(at('renamed.csv'), smallOrders.replace('id,', 'Id ,')),
    args: run('renamed.csv'),
    code: 3,
    says: /the object has no column "id", but it has "Id ": names must match to the letter/,
  },
  {
    what: 'a repeated column',
    prepare: () => writeFile(at('twice.csv'), `id,${smallOrders}`),
    args: run('twice.csv'),
    code: 3,
    says: /the object has the column "id" twice \(duplicate_column\)/,
  },
];

describe('a file that cannot be taken is refused, kept, and published to no part', () => {
  test.each(refused)(
    '$what',
    async ({ what, prepare, args, code, says }) => {
      await prepare?.();
      const lake = at(`lake of ${what}`);
      const ended = await sluice([...args, '--lake', lake], { cwd: folder.path });
      expect(ended).toMatchObject({ code, stdout: '' });
      expect(ended.stderr).toMatch(says);
      expect(ended.stderr).toMatch(
        /\n\nsluice: incoming\/orders\/.* was refused: .*; correct it and run it again\n$/,
      );
      // A stack trace has lines such as `at run (file.ts:1:2)`.
      expect(ended.stderr).not.toMatch(/\n\s+at .*\d+:\d+/);

      const zones = Object.keys(await zonesOf(lake));
      expect(zones.filter((path) => /\/(processed|staging)\//.test(path))).toEqual([]);
      expect(zones).toContainEqual(expect.stringMatching(/^\/curated\/quarantine\/orders\/objects\/.+\/.+/));
      expect(zones).toContainEqual(expect.stringMatching(/^\/curated\/runs\/orders\/orders-\w+\.json$/));
      expect(await litterOf(lake)).toEqual([]);
      await rm(lake, { recursive: true });
    },
    120_000,
  );
});

const isRoot = process.getuid?.() === 0;
const NOBODY = 65_534;

describe('without the right to', () => {
  const asNobody = (args: string[]) =>
    sluice(args, { cwd: folder.path, ...(isRoot ? { uid: NOBODY } : {}), env: { NODE_COMPILE_CACHE: '' } });

  test('read the file, a run is one line', async () => {
    await writeFile(at('secret.csv'), smallOrders);
    await chmod(at('secret.csv'), 0o000);
    await mkdir(at('open'));
    await chmod(at('open'), 0o777);
    const ended = await asNobody([...run('secret.csv'), '--lake', 'open']);
    expect(ended.stderr).toBe('sluice: no permission to read secret.csv; get the right to, or copy it\n');
    expect(ended.code).toBe(2);
  });

  test('write the lake, a run is one line', async () => {
    await mkdir(at('closed'));
    await chmod(at('closed'), 0o555);
    const ended = await asNobody([...run('good.csv'), '--lake', 'closed']);
    expect(ended.stderr).toMatch(
      /^sluice: no permission for the lake's folder closed \(EACCES\); get the right to/,
    );
    expect(ended.code).toBe(1);
    expect(await readdir(at('closed'))).toEqual([]);
  });
});

const DISK_BYTES = 256 * 1024;

/** A disk that is soon full; null where nobody may mount one. */
const smallDisk = ((): string | null => {
  const path = mkdtempSync(join(tmpdir(), 'sluice-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_BYTES}`, 'tmpfs', path], { stdio: 'pipe' });
    return path;
  } catch {
    rmdirSync(path);
    console.warn('SKIPPED: the tests of a full disk have to mount a small one, which only root may');
    return null;
  }
})();

describe('on a full disk', () => {
  const testOnDisk = smallDisk === null ? test.skip : test;
  const disk = smallDisk ?? '';
  afterAll(() => {
    if (smallDisk === null) return;
    execFileSync('umount', ['-l', smallDisk]);
    rmdirSync(smallDisk);
  });

  testOnDisk(
    'a file that does not fit is one line, and nothing half-written is left',
    async () => {
      await writeFile(at('large.csv'), `${HEADER}\n${'A,b,,,,,,,\n'.repeat(50_000)}`);
      const ended = await sluice([...run('large.csv'), '--lake', join(disk, 'lake')], { cwd: folder.path });
      expect(ended.code).toBe(1);
      expect(ended.stderr).toMatch(
        /^sluice: No space left to write .* \(ENOSPC\); free some space or give the lake another folder, then run again\.\n$/,
      );
      expect(await zonesOf(join(disk, 'lake'))).toEqual(noZones);
      expect(await litterOf(join(disk, 'lake'))).toEqual([]);
    },
    60_000,
  );

  testOnDisk(
    'a run that has no room for its work fails with one line, and can be run again when there is',
    async () => {
      await rm(join(disk, 'lake'), { recursive: true, force: true });
      // Hashes do not compress: what is published needs about as much room as what has landed.
      const rows = Array.from({ length: 900 }, (_, n) => {
        const name = createHash('sha256').update(String(n)).digest('hex');
        return `A${n},${name},,1,1,1,ACTIVE,2025-06-01 10:00:00,01\n`;
      });
      const text = `${HEADER}\n${rows.join('')}`;
      await writeFile(at('tight.csv'), text);
      const lake = join(disk, 'lake');
      await writeFile(join(disk, 'ballast'), Buffer.alloc(DISK_BYTES - text.length - 40 * 1024));
      const ended = await sluice([...run('tight.csv'), '--lake', lake], { cwd: folder.path });
      expect(ended.code).toBe(1);
      expect(ended.stderr).toMatch(/no space left/i);
      expect(ended.stderr).not.toMatch(/\n\s+at .*\d+:\d+/);
      const files = Object.keys(await zonesOf(lake)).filter((path) => /processed|runs/.test(path));
      expect(files).toEqual([]);

      await rm(join(disk, 'ballast'));
      expect(await sluice([...run('tight.csv'), '--lake', lake], { cwd: folder.path })).toMatchObject({
        code: 0,
      });
    },
    60_000,
  );
});

test('an unreadable folder in the lake is one line', async () => {
  const lake = at('barred');
  await sluice([...run('good.csv'), '--lake', lake], { cwd: folder.path });
  await rm(join(lake, 'curated'), { recursive: true });
  await symlink(at('home'), join(lake, 'curated'));
  const ended = await sluice([...run('good.csv'), '--lake', lake], { cwd: folder.path });
  expect(ended.code).toBe(1);
  expect(ended.stderr).toContain('is a symbolic link, or a second spelling of another name');
  expect(await readdir(at('home'))).toEqual(['letter.txt']);
  expect(await readFile(at('home', 'letter.txt'), 'utf8')).toBe('Dear');
});
