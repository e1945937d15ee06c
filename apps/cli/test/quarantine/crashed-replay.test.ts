import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { AS_OF, HEADER } from '../orders.ts';
import { runInProcess } from '../run-in-process.ts';
import { litterOf, newFolder, sluice, zonesOf } from '../sluice.ts';

const rows = Array.from(
  { length: 40 },
  (_, at) => `A${at},ann,a${at}@example.com,${at === 7 ? 'ten' : '10'},1,10,ACTIVE,2025-05-01 10:00:00,01`,
);

let folder: Awaited<ReturnType<typeof newFolder>>;
let [before, file] = ['', ''];
let expected: Readonly<Record<string, string>>;

const replay = (lake: string, env: Readonly<Record<string, string>> = {}) =>
  sluice(['quarantine', 'replay', 'orders', '--with', file, '--lake', lake], { env });

beforeAll(async () => {
  folder = await newFolder();
  before = join(folder.path, 'before');
  const object = join(folder.path, 'orders.csv');
  await writeFile(object, `${[HEADER, ...rows].join('\n')}\n`);
  await runInProcess(before, 'orders', object, AS_OF);
  const given = await sluice(['quarantine', 'show', 'orders', '--csv', '--lake', before]);
  file = join(folder.path, 'mended.csv');
  await writeFile(file, given.stdout.replace(',ten,', ',10,'));
  const straight = join(folder.path, 'straight');
  await cp(before, straight, { recursive: true, preserveTimestamps: true });
  await replay(straight);
  expected = await zonesOf(straight);
}, 60_000);
afterAll(() => folder.remove());

test.each(['disk:half-written:1', 'replay:mended', 'publish:opened', 'publish:recorded'])(
  'a replay that is killed at %s and done again leaves the same zones as one that was not',
  async (point) => {
    const lake = join(folder.path, point.replaceAll(':', '-'));
    await cp(before, lake, { recursive: true, preserveTimestamps: true });
    expect((await replay(lake, { SLUICE_FAILPOINT: point })).signal).toBe('SIGKILL');
    const again = await replay(lake);
    expect(again).toMatchObject({ code: 0, stdout: expect.stringMatching(/accepted\s+(39 → )?40\n/) });
    expect(await zonesOf(lake)).toEqual(expected);
    expect(await litterOf(lake)).toEqual([]);
  },
  60_000,
);

test('the mended rows are in the lake, and none are left in quarantine', async () => {
  const manifest = Object.keys(expected).find(
    (path) => path.startsWith('/curated/runs/') && path.endsWith('.json'),
  );
  const { counts } = JSON.parse(await readFile(join(folder.path, 'straight', manifest ?? ''), 'utf8'));
  expect(counts).toMatchObject({ rowsIn: 40, accepted: 40, quarantined: 0 });
});
