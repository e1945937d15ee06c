import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { totalsOf, unaccounted } from '@sluice/step-contracts';
import { messyOrders } from '../src/demo/messy-orders.ts';
import type { RunView } from '../src/run/run-view.ts';
import { type Ended, newFolder, sluice, zonesOf } from './sluice.ts';

let folder: Awaited<ReturnType<typeof newFolder>>;
let ended: Ended;
let views: RunView[];
beforeAll(async () => {
  folder = await newFolder();
  ended = await sluice(['demo', '--json'], { cwd: folder.path });
  views = JSON.parse(ended.stdout);
}, 120_000);
afterAll(() => folder.remove());

describe('the demo', () => {
  test('publishes one file and has two refused, as meant, and ends well', () => {
    expect(ended.code).toBe(0);
    expect(
      views.map(({ manifest }) => (manifest?.status === 'rejected' ? manifest.gate : manifest?.status)),
    ).toEqual(['validation', 'quality', 'published']);
    expect(ended.stderr).toContain('One file published, two refused, as meant: every row is accounted for.');
  });

  test('has rows of every fate and reasons of many kinds', () => {
    const manifest = views[2]?.manifest;
    if (manifest?.status !== 'published') throw new Error('not published');
    const totals = totalsOf(manifest.counts);
    expect(totals.rowsIn).toBe(100_000);
    expect(unaccounted(manifest.counts)).toBe(0);
    for (const rows of Object.values(totals)) expect(rows).toBeGreaterThan(1000);
    expect(manifest.counts.filtered).toHaveLength(2);
    expect(new Set(manifest.counts.reasons.map(({ code }) => code))).toEqual(
      new Set(['missing', 'not_a_number', 'not_a_timestamp', 'wrong_field_count', 'malformed_quote']),
    );
    expect(manifest.unknownColumns).toEqual(['sales_channel']);
  });

  test('sends the new header through discovery', () => {
    const execution = views[2]?.execution;
    expect(execution?.states.map(({ state }) => state)).toContain('RunDataDiscovery');
    expect(execution?.discovery?.columns).toContainEqual({
      name: 'sales_channel',
      inferred: 'VARCHAR',
      declared: null,
    });
  });

  test('says what to type next, and that works', async () => {
    const lines = [...ended.stderr.matchAll(/sluice (query|show|quarantine show) (.*)$/gm)];
    expect(lines.length).toBeGreaterThanOrEqual(3);
    for (const [, command = '', rest = ''] of lines) {
      const argument = rest.replace(/^"(.*)"$/, '$1');
      expect(await sluice([...command.split(' '), argument], { cwd: folder.path })).toMatchObject({
        code: 0,
      });
    }
  }, 120_000);

  test('run twice, leaves the same lake', async () => {
    const before = await zonesOf(join(folder.path, '.lake'));
    expect(await sluice(['demo'], { cwd: folder.path })).toMatchObject({ code: 0, stdout: '' });
    expect(await zonesOf(join(folder.path, '.lake'))).toEqual(before);
  }, 120_000);
});

test('orders are the same every time', () => {
  const [once, twice] = [1, 2].map(() => Buffer.concat([...messyOrders(5000)]));
  expect(once?.equals(twice ?? Buffer.alloc(0))).toBe(true);
});
