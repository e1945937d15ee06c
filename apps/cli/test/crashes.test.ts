import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { AS_OF, HEADER, smallOrders } from './orders.ts';
import { runInProcess } from './run-in-process.ts';
import { type Ended, litterOf, newFolder, sluice, zonesOf } from './sluice.ts';

/** A run to be killed: in a new lake, or in one that an earlier run left with another `asOf`. */
interface Scenario {
  readonly name: string;
  readonly file: string;
  readonly text: string;
  readonly earlierAsOf?: string;
  /** Every write and delete of every file, too; else only the steps between them, and what is named below. */
  readonly everyWrite: boolean;
  /** Some of the points at which it must have been killed. */
  readonly killedAt: readonly string[];
}

const scenarios: readonly Scenario[] = [
  {
    name: 'an object that is published',
    file: 'good.csv',
    // A new column sends it through discovery.
    text: smallOrders.replace('region_code', 'region_code,x').replaceAll(/(,0\d)\n/g, '$1,\n'),
    // That many kills take minutes.
    everyWrite: process.env.SLUICE_TESTS === 'all',
    killedAt: [
      'run:landed:1',
      'state:RunDataDiscovery:entered:1',
      'state:TransformObject:exited:1',
      'disk:half-written:1',
      'disk:half-written:5',
      'publish:copied:2',
      'publish:recorded:1',
    ],
  },
  {
    name: 'an object that is published again, in another partition',
    file: 'good.csv',
    text: smallOrders,
    earlierAsOf: '2025-06-01T00:00:00.000Z',
    everyWrite: false,
    killedAt: ['publish:opened:1', 'publish:cleaned:1'],
  },
  {
    name: 'an object that is not valid',
    file: 'invalid.csv',
    text: 'ID,name\n1,a\n',
    everyWrite: false,
    killedAt: ['state:NotifyValidationFailure:entered:1'],
  },
  {
    name: 'an object below its threshold',
    file: 'hollow.csv',
    text: `${HEADER}\n,,,,,,,,\n,,,,,,,,\n`,
    everyWrite: false,
    killedAt: ['state:QuarantineObject:entered:1', 'score:scored:1'],
  },
];

let folder: Awaited<ReturnType<typeof newFolder>>;
beforeAll(async () => {
  folder = await newFolder();
});
afterAll(() => folder.remove());

const run = (file: string, lake: string, env: Readonly<Record<string, string>>): Promise<Ended> =>
  sluice(['run', file, '--dataset', 'orders', '--as-of', AS_OF, '--lake', lake], { env });

/** Every failpoint that the run comes to, with how many times it has been there: `disk:half-written:3`. */
const pointsOf = async (file: string, lake: string, trace: string): Promise<string[]> => {
  const hook = fileURLToPath(new URL('trace-failpoints.ts', import.meta.url));
  await run(file, lake, { NODE_OPTIONS: `--import ${hook}`, SLUICE_TRACE: trace });
  const times = new Map<string, number>();
  return (await readFile(trace, 'utf8'))
    .trim()
    .split('\n')
    .map((name) => {
      const nth = (times.get(name) ?? 0) + 1;
      times.set(name, nth);
      return `${name}:${nth}`;
    });
};

const inTwos = async <T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> => {
  const left = [...items.entries()];
  const results: R[] = [];
  const worker = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift())
      results[next[0]] = await work(next[1]);
  };
  await Promise.all([worker(), worker()]);
  return results;
};

describe.each(scenarios)('$name, killed wherever a kill can hurt and run again,', (scenario) => {
  test('leaves the same lake as without the kill, and no litter', async () => {
    const at = (name: string): string => join(folder.path, `${scenarios.indexOf(scenario)} ${name}`);
    const file = join(folder.path, scenario.file);
    await writeFile(file, scenario.text);
    await mkdir(at('before'));
    if (scenario.earlierAsOf) await runInProcess(at('before'), 'orders', file, scenario.earlierAsOf);

    await cp(at('before'), at('calm'), { recursive: true });
    const all = await pointsOf(file, at('calm'), at('trace'));
    const expected = await zonesOf(at('calm'));
    // Nothing happens between leaving a state and entering the next one.
    const points = scenario.everyWrite
      ? all
      : all.filter((name) => !/^disk:|:exited:/.test(name) || scenario.killedAt.includes(name));
    expect(points).toEqual(expect.arrayContaining([...scenario.killedAt]));

    const outcomes = await inTwos(points, async (point) => {
      const lake = at(`killed at ${point}`);
      await cp(at('before'), lake, { recursive: true });
      const { signal } = await run(file, lake, { SLUICE_FAILPOINT: point });
      await runInProcess(lake, 'orders', file, AS_OF);
      return { point, signal, zones: await zonesOf(lake), litter: await litterOf(lake) };
    });
    expect(outcomes).toEqual(
      points.map((point) => ({ point, signal: 'SIGKILL', zones: expected, litter: [] })),
    );
  }, 900_000);
});
