import { describe, expect, test } from '@jest/globals';
import { memoryStore } from '@sluice/lake-storage/memory';
import type { RunInput } from '@sluice/step-contracts';
import { publishRun } from '../src/publish-run.ts';
import { rejectRun } from '../src/reject-run.ts';
import { arrive, contents, failingAfter, type Lake, newLake, PowerCut, refused, stage } from './lake.ts';

type Ending = (lake: Lake, run: RunInput) => Promise<unknown>;

const publish =
  (accepted: readonly number[], quarantined: number): Ending =>
  async ({ objects, deps }, run) =>
    publishRun(await stage(objects, run, { accepted, quarantined }), deps);
const reject: Ending = ({ deps }, run) => rejectRun(refused(run), deps);

const days = { first: '2026-11-20T10:00:00.000Z', second: '2026-11-21T10:00:00.000Z' };

/** The lake after `earlier` on the first day, then `interrupted` dying before its nth change, then `last`. */
const lakeAfter = async (
  endings: readonly { readonly ending: Ending; readonly asOf: string }[],
  cut: { readonly at: number; readonly index: number } | null,
): Promise<{ readonly died: boolean; readonly contents: Record<string, string> }> => {
  const memory = memoryStore();
  let died = false;
  for (const [index, { ending, asOf }] of endings.entries()) {
    const run = await arrive(memory, asOf);
    const { deps, partitions, objects } = newLake(memory);
    const dying = cut?.index === index ? failingAfter(memory, cut.at) : memory;
    const zone = { ...deps.zone, objects: dying };
    await ending({ objects, partitions, deps: { ...deps, zone } }, run).catch((error: unknown) => {
      if (!(error instanceof PowerCut)) throw error;
      died = true;
    });
  }
  return { died, contents: await contents(memory) };
};

const published = { ending: publish([5, 7, 1], 2), asOf: days.first };
const rejected = { ending: reject, asOf: days.first };

describe.each([
  ['publishing', published, { ending: publish([5, 7, 1], 2), asOf: days.first }],
  ['publishing on another day, with fewer files', published, { ending: publish([5], 0), asOf: days.second }],
  ['publishing what was rejected before', rejected, { ending: publish([5], 2), asOf: days.first }],
  ['rejecting', rejected, rejected],
  ['rejecting what was published before', published, { ending: reject, asOf: days.second }],
])('%s', (_what, earlier, next) => {
  test('that dies before any of its changes is finished by its next try', async () => {
    const clean = await lakeAfter([earlier, next], null);
    let cuts = 0;
    for (;;) {
      const { died, contents: left } = await lakeAfter([earlier, next, next], { at: cuts, index: 1 });
      expect(left).toEqual(clean.contents);
      if (!died) break;
      cuts += 1;
    }
    expect(cuts).toBeGreaterThan(3);
  });

  test('that dies before any of its changes leaves no orphan when the first ending is run again instead', async () => {
    const clean = await lakeAfter([earlier], null);
    for (let at = 0; ; at += 1) {
      const { died, contents: left } = await lakeAfter([earlier, next, earlier], { at, index: 1 });
      expect(left).toEqual(clean.contents);
      if (!died) break;
    }
  });

  test('has a manifest only if everything the manifest names is there', async () => {
    for (let at = 0; ; at += 1) {
      const { died, contents: left } = await lakeAfter([earlier, next], { at, index: 1 });
      for (const [key, text] of Object.entries(left)) {
        if (!key.startsWith('runs/')) continue;
        const named = JSON.parse(text).files ?? [];
        for (const file of named) expect(left).toHaveProperty([file.key]);
      }
      if (!died) break;
    }
  });
});
