import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readParquetFooter } from '@sluice/record-transform/reading';
import { totalsOf, unaccounted } from '@sluice/step-contracts';
import fc from 'fast-check';
import { AS_OF, HEADER } from './orders.ts';
import { runInProcess } from './run-in-process.ts';
import { litterOf, newFolder, zonesOf } from './sluice.ts';

let folder: Awaited<ReturnType<typeof newFolder>>;
beforeAll(async () => {
  folder = await newFolder();
});
afterAll(() => folder.remove());

const maybe = (...cells: string[]) => fc.constantFrom(...cells);
const ids = fc.integer({ min: 1, max: 30 }).map((n) => `A${n}`);
const moments = fc
  .integer({ min: 0, max: 500 })
  .map((days) =>
    new Date(Date.parse(AS_OF) - days * 86_400_000).toISOString().slice(0, 19).replace('T', ' '),
  );

/** Nine cells, of which most are fine. */
const goodRow = fc
  .tuple(
    fc.oneof({ weight: 20, arbitrary: ids }, maybe('', ' ', '\u00a0')),
    maybe('ann', ' Bob ', '"a, ""b"""', '"two\nlines"', '', 'Søren', '美咲'),
    maybe('ann.lee@example.com', 'none', '', 'a@b@c'),
    maybe('900', '5000.5', '20000', ' 12 ', 'ten', '1e400', '0x10', ''),
    maybe('1', '2', '+3', '-0', '1,5'.replace(',', ';')),
    maybe('10', '.5', '5.', 'NaN', ''),
    maybe('ACTIVE', 'PENDING', 'CANCELLED', 'active', ''),
    fc.oneof({ weight: 10, arbitrary: moments }, maybe('2025-02-30 10:00:00', 'yesterday', '')),
    maybe('01', '02', '03', '04', '5', ''),
  )
  .map((cells) => cells.join(','));
const brokenRow = maybe('too,short', `${','.repeat(12)}`, 'a"b,,,,,,,,', '"a"b,,,,,,,,', ' ');

const csv = fc
  .tuple(
    fc.array(
      fc.oneof(
        { weight: 30, arbitrary: goodRow },
        { weight: 1, arbitrary: brokenRow },
        { weight: 1, arbitrary: fc.constant(null) },
      ),
      { maxLength: 60 },
    ),
    maybe('\n', '\r\n', '\r'),
    fc.boolean(),
  )
  .map(([rows, end, endsOpen]) => ({
    // Blank lines are no rows.
    text: [HEADER, ...rows.map((row) => row ?? '')].join(end) + (endsOpen ? '' : end),
    rows: rows.filter((row) => row !== null).length,
  }));

const parquetRows = async (path: string): Promise<number> => {
  const bytes = await readFile(path);
  const footer = await readParquetFooter(bytes.length, async (start, end) => bytes.subarray(start, end));
  return footer.rows;
};
const lines = async (path: string): Promise<number> => (await readFile(path, 'utf8')).split('\n').length - 1;

test('accepted + filtered + duplicates + quarantined = rows in, whatever the file, and so it is on disk', async () => {
  const lake = join(folder.path, 'lake');
  let [files, published] = [0, 0];
  await fc.assert(
    fc.asyncProperty(csv, async ({ text, rows }) => {
      files += 1;
      const file = join(folder.path, `orders-${files}.csv`);
      await writeFile(file, text);
      const { manifest } = await runInProcess(lake, 'orders', file, AS_OF);
      if (manifest?.status === 'published') {
        published += 1;
        const totals = totalsOf(manifest.counts);
        expect(totals.rowsIn).toBe(rows);
        expect(unaccounted(manifest.counts)).toBe(0);
        const onDisk = await Promise.all(
          manifest.files.map(({ key }) => parquetRows(join(lake, 'curated', key))),
        );
        expect(onDisk.reduce((sum, one) => sum + one, 0)).toBe(totals.accepted);
        const quarantined = manifest.quarantine
          ? await lines(join(lake, 'curated', manifest.quarantine.key))
          : 0;
        expect(quarantined).toBe(totals.quarantined);
      } else {
        expect(manifest).toMatchObject({ status: 'rejected', gate: 'quality' });
        expect(manifest?.quality?.profile.rowsIn).toBe(rows);
      }
    }),
    { numRuns: 60, endOnFailure: true },
  );
  expect(published).toBeGreaterThan(20);
  const left = Object.keys(await zonesOf(lake)).filter((path) => path.includes('staging'));
  expect([...left, ...(await litterOf(lake))]).toEqual([]);
}, 300_000);
