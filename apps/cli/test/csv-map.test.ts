import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { RunView } from '../src/run/run-view.ts';
import { AS_OF, HEADER, smallOrders } from './orders.ts';
import { litterOf, newFolder, sluice } from './sluice.ts';

let folder: Awaited<ReturnType<typeof newFolder>>;
beforeEach(async () => {
  folder = await newFolder();
});
afterEach(() => folder.remove());

/** Rows of every fate, enough for several batches. */
const manyOrders = (): string => {
  const rows = Array.from({ length: 1200 }, (_, at) => {
    const id = at % 50 === 7 ? '' : `B${at % 1100}`;
    const amount = at % 30 === 3 ? 'many' : `${at}.5`;
    const name = at % 11 === 0 ? `"Smith, ""${at % 1100}"""` : ` ann ${at % 1100} `;
    const row = `${id},${name},a${at % 1100}@example.com,${at < 1100 ? amount : `${at % 1100}.5`},2,10,${at % 5 === 0 ? 'CANCELLED' : 'ACTIVE'},2025-06-01 10:00:00,01`;
    return at % 97 === 5 ? `${row},more` : at % 101 === 8 ? `${id},too,few` : row;
  });
  return `${smallOrders}${rows.join('\n')}\n`;
};

const run = async (name: string, workflow: string, lake: string = workflow) => {
  const args = ['run', name, '--dataset', 'orders', '--as-of', AS_OF, '--lake', lake, '--workflow', workflow];
  const ended = await sluice([...args, '--json'], { cwd: folder.path });
  const view: RunView | null = ended.stdout === '' ? null : JSON.parse(ended.stdout);
  return { ...ended, view };
};

const published = ({ view }: Awaited<ReturnType<typeof run>>) => {
  if (view?.manifest?.status !== 'published') throw new Error(`not published: ${JSON.stringify(view)}`);
  return view.manifest;
};

const rowsOf = async (lake: string): Promise<unknown> => {
  const { stdout } = await sluice(['query', 'SELECT * FROM orders', '--json', '--lake', lake], {
    cwd: folder.path,
  });
  return JSON.parse(stdout);
};

const quarantineOf = async (result: Awaited<ReturnType<typeof run>>): Promise<unknown[]> => {
  const text = await readFile(join(folder.path, result.view?.files.quarantine ?? ''), 'utf8');
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
};

describe('an object that goes through csv-map', () => {
  test('leaves the rows, the counts, the score and the quarantine that etl leaves', async () => {
    await writeFile(join(folder.path, 'a.csv'), manyOrders());
    const [byEtl, byMap] = [await run('a.csv', 'etl'), await run('a.csv', 'csv-map')];
    expect([byEtl.code, byMap.code]).toEqual([0, 0]);
    const { engine, files, quarantine, ...same } = published(byMap);
    expect(engine).toBe('typescript');
    expect(published(byEtl)).toMatchObject(same);
    expect(same.counts.rowsIn).toBe(1209);
    for (const [fate, rows] of Object.entries(same.counts))
      if (typeof rows === 'number') expect([fate, rows > 0]).toEqual([fate, true]);
    expect(files.map(({ rows }) => rows)).toEqual([same.counts.accepted]);
    expect(quarantine?.rows).toBe(same.counts.quarantined);
    expect(await rowsOf('csv-map')).toEqual(await rowsOf('etl'));
    expect(await quarantineOf(byMap)).toEqual(await quarantineOf(byEtl));
    expect(await litterOf(join(folder.path, 'csv-map'))).toEqual([]);

    // What became of the batches, before duplicates and rows that the reader padded or cut are looked for.
    const mapRun = byMap.view?.execution?.mapRun;
    expect(mapRun).toMatchObject({
      status: 'SUCCEEDED',
      items: { total: 1209, succeeded: 1209 },
      executions: { total: 3, succeeded: 3 },
      results: { batches: { processed: 3, recordedAsFailed: 0, failed: 0 }, failures: [] },
    });
    const { accepted = 0, filtered = 0, quarantined = 0 } = mapRun?.results?.rows ?? {};
    expect(accepted + filtered + quarantined).toBe(1209);
    const line = /Map run +3 batches · 3 processed · .+/.exec(byMap.stderr)?.[0];
    expect(line).toBeDefined();
    const again = ['show', 'orders', '--lake', 'csv-map'];
    expect((await sluice(again, { cwd: folder.path })).stdout).toContain(line);
    const shown: RunView = JSON.parse((await sluice([...again, '--json'], { cwd: folder.path })).stdout);
    expect(shown.execution?.mapRun).toEqual(mapRun);
  }, 60_000);

  test('is refused with the same words as by etl, at the entrance and below the threshold', async () => {
    await writeFile(join(folder.path, 'invalid.csv'), 'ID,name\n1,a\n');
    await writeFile(join(folder.path, 'hollow.csv'), `${HEADER}\n,,,,,,,,\n,,,,,,,,\n`);
    for (const [name, code] of [
      ['invalid.csv', 3],
      ['hollow.csv', 4],
    ] as const) {
      const [byEtl, byMap] = [await run(name, 'etl'), await run(name, 'csv-map')];
      expect([byEtl.code, byMap.code]).toEqual([code, code]);
      expect(byMap.view?.manifest).toEqual(byEtl.view?.manifest);
    }
  }, 60_000);

  test('publishes nothing if its reader sees other rows than ours', async () => {
    const unclosed = smallOrders.replace('A3,"Smith', 'A3,"Smith" x');
    await writeFile(
      join(folder.path, 'a.csv'),
      `${unclosed}"never closed\n${smallOrders.slice(HEADER.length + 1)}`,
    );
    const { code, view, stderr } = await run('a.csv', 'csv-map');
    expect([code, view?.manifest]).toEqual([1, null]);
    expect(stderr).toMatch(/ReaderDisagreement|ItemReaderFailed/);
  }, 60_000);

  test('that is no plain CSV is left to etl', async () => {
    await writeFile(join(folder.path, 'a.json'), '[]');
    const { code, stderr } = await run('a.json', 'csv-map');
    expect(code).toBe(1);
    expect(stderr).toContain('Run it through etl');
  }, 60_000);
});

test('a workflow that does not exist is a mistake in the command line', async () => {
  await writeFile(join(folder.path, 'a.csv'), smallOrders);
  const { code, stderr } = await run('a.csv', 'spark');
  expect([code, stderr]).toEqual([2, expect.stringContaining('etl, csv-map')]);
});
