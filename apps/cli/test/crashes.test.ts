import { cp, mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { failpointsInSources, stateBoundaries } from './kill-points.ts';
import { AS_OF, HEADER, smallOrders } from './orders.ts';
import { runInProcess } from './run-in-process.ts';
import { litterOf, newFolder, sluice, zonesOf } from './sluice.ts';

/** A run to be killed: in a new lake, or in one that an earlier run left with another `asOf`. */
interface Scenario {
  readonly name: string;
  readonly file: string;
  readonly text: string;
  readonly earlierAsOf?: string;
  /** Every write and delete of every file, too; else only the steps between them. */
  readonly everyWrite: boolean;
}

const scenarios: readonly Scenario[] = [
  {
    name: 'an object that is published',
    file: 'good.csv',
    // A new column sends it through discovery.
    text: smallOrders.replace('region_code', 'region_code,x').replaceAll(/(,0\d)\n/g, '$1,\n'),
    everyWrite: true,
  },
  {
    name: 'an object that is published again, in another partition',
    file: 'good.csv',
    text: smallOrders,
    earlierAsOf: '2025-06-01T00:00:00.000Z',
    everyWrite: false,
  },
  { name: 'an object that is not valid', file: 'invalid.csv', text: 'ID,name\n1,a\n', everyWrite: false },
  {
    name: 'an object below its threshold',
    file: 'hollow.csv',
    text: `${HEADER}\n,,,,,,,,\n,,,,,,,,\n`,
    everyWrite: false,
  },
];

let folder: Awaited<ReturnType<typeof newFolder>>;
beforeAll(async () => {
  folder = await newFolder();
});
afterAll(() => folder.remove());

interface Killed {
  readonly at: string;
  readonly lake: string;
}

/** Kills a run at the point, each time that it comes there; gives every kill. */
const killAt = async (scenario: Scenario, base: string, point: string): Promise<Killed[]> => {
  const killed: Killed[] = [];
  for (let nth = 1; ; nth += 1) {
    const at = `${point}:${nth}`;
    const lake = join(base, '..', `${basename(base)} killed at ${at}`);
    await cp(base, lake, { recursive: true });
    const { signal } = await runToDeath(scenario, lake, at);
    if (signal !== 'SIGKILL') return killed;
    killed.push({ at, lake });
    // A state is entered once, and left once.
    if (point.startsWith('state:')) return killed;
  }
};

const runToDeath = ({ file }: Scenario, lake: string, at: string) =>
  sluice(['run', join(folder.path, file), '--dataset', 'orders', '--as-of', AS_OF, '--lake', lake], {
    env: { SLUICE_FAILPOINT: at },
  });

const killEverywhere = async (
  scenario: Scenario,
  base: string,
  points: readonly string[],
): Promise<Killed[]> => {
  const left = [...points];
  const killed: Killed[] = [];
  const worker = async (): Promise<void> => {
    for (let point = left.shift(); point !== undefined; point = left.shift()) {
      killed.push(...(await killAt(scenario, base, point)));
    }
  };
  await Promise.all([worker(), worker()]);
  return killed.sort((a, b) => (a.at < b.at ? -1 : 1));
};

describe.each(scenarios)('$name, killed wherever a kill can hurt and run again,', (scenario) => {
  test('leaves the same lake as without the kill, and no litter', async () => {
    const file = join(folder.path, scenario.file);
    await writeFile(file, scenario.text);
    const base = join(folder.path, `base-${scenarios.indexOf(scenario)}`);
    await mkdir(base);
    if (scenario.earlierAsOf) await runInProcess(base, 'orders', file, scenario.earlierAsOf);

    const calm = join(folder.path, `calm-${scenarios.indexOf(scenario)}`);
    await cp(base, calm, { recursive: true });
    const run = await runInProcess(calm, 'orders', file, AS_OF);
    const expected = await zonesOf(calm);

    const all = [...(await failpointsInSources()), ...stateBoundaries(run)];
    // Nothing happens between leaving a state and entering the next one.
    const points = scenario.everyWrite ? all : all.filter((name) => !/^disk:|:exited$/.test(name));
    const killed = await killEverywhere(scenario, base, points);
    const differing: string[] = [];
    for (const { at, lake } of killed) {
      await runInProcess(lake, 'orders', file, AS_OF);
      const same = JSON.stringify(sorted(await zonesOf(lake))) === JSON.stringify(sorted(expected));
      const litter = await litterOf(lake);
      if (!same || litter.length > 0) differing.push(`${at}: ${same ? litter.join() : 'another lake'}`);
    }
    expect(differing).toEqual([]);
    // Too few kills would prove nothing.
    expect(killed.length).toBeGreaterThan(scenario.everyWrite ? 80 : 10);
    expect(killed.map(({ at }) => at)).toEqual(
      expect.arrayContaining(['run:landed:1', 'publish:recorded:1']),
    );
  }, 900_000);
});

const sorted = (tree: Readonly<Record<string, string>>): [string, string][] =>
  Object.entries(tree).sort(([a], [b]) => (a < b ? -1 : 1));
