import { existsSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { manifest, totalsOf } from '@sluice/step-contracts';
import { AS_OF } from '../orders.ts';
import { type Ended, litterOf, sluice, zonesOf } from '../sluice.ts';
import { chanceOf } from './chance.ts';
import type { Faults } from './faulty-steps.ts';
import { strictRows } from './strict-rows.ts';

/** A run of a file without faults and kills, which the others are compared with. */
export interface CalmRun {
  readonly file: string;
  readonly zones: Readonly<Record<string, string>>;
  /** The lines of its quarantine file. */
  readonly quarantined: ReadonlySet<string>;
  /** The failpoints that it came to, by name, with how often it did. */
  readonly points: ReadonlyMap<string, number>;
  /** From its first failpoint to its end. */
  readonly milliseconds: number;
}

/** A run that met faults and kills until it was over. */
export interface Round {
  readonly seed: number;
  /** The last failpoint that was passed before each kill, and whether it was meant. */
  readonly kills: readonly string[];
  /** Of functions. */
  readonly faults: readonly string[];
  readonly redrives: number;
  /** Runs that were started anew, since there was nothing to redrive. */
  readonly startedAnew: number;
  /** Executions that failed rather than being killed, by their errors. */
  readonly failures: readonly string[];
  /** Rows of batches that failed for good, before they were replayed. */
  readonly setAside: number;
  readonly milliseconds: number;
  /** What is not as it has to be. */
  readonly wrong: readonly string[];
}

const hook = fileURLToPath(new URL('faulty-sluice.ts', import.meta.url));
const MOST_ATTEMPTS = 12;
/** From then on nothing is injected. */
const CALM_FROM = 6;

interface Attempt {
  readonly ended: Ended;
  /** The failpoints and faults that it came to. */
  readonly trace: readonly string[];
}

const attemptAt = async (
  lake: string,
  args: readonly string[],
  { faults, failpoint, killAfter }: { faults?: Faults; failpoint?: string; killAfter?: number },
): Promise<Attempt> => {
  const trace = `${lake}.trace`;
  await rm(trace, { force: true });
  const ended = await sluice([...args, '--lake', lake], {
    env: {
      NODE_OPTIONS: `--import ${hook}`,
      SLUICE_TRACE: trace,
      ...(faults && { SLUICE_FAULTS: JSON.stringify(faults) }),
      ...(failpoint !== undefined && { SLUICE_FAILPOINT: failpoint }),
    },
    ...(killAfter !== undefined && { stop: { signal: 'SIGKILL', when: () => workingFor(killAfter, trace) } }),
  });
  const text = await readFile(trace, 'utf8').catch(() => '');
  return { ended, trace: text.split('\n').filter((line) => line !== '') };
};

/** Starting a process takes longer than the work, and nothing is there to be hurt. */
const workingFor = async (milliseconds: number, trace: string): Promise<void> => {
  while (!existsSync(trace)) await sleep(5);
  await sleep(milliseconds);
};

const runCommand = (file: string): string[] => [
  ...['run', file, '--dataset', 'orders', '--as-of', AS_OF, '--workflow', 'csv-map', '--batch-rows', '50'],
];

/** The zones without the results of Map Runs, which are of each time that a run was executed. */
const lakeOf = async (lake: string): Promise<Readonly<Record<string, string>>> =>
  Object.fromEntries(
    Object.entries(await zonesOf(lake)).filter(([path]) => !path.startsWith('/curated/map-results')),
  );

const quarantineOf = async (lake: string): Promise<string[]> => {
  const folder = join(lake, 'curated/quarantine/orders');
  const [name] = (await readdir(folder).catch(() => [])).filter((one) => one.endsWith('.jsonl'));
  return name === undefined ? [] : (await readFile(join(folder, name), 'utf8')).trimEnd().split('\n');
};

export const calmRun = async (file: string, lake: string): Promise<CalmRun> => {
  let startedAt = Date.now();
  const begun = workingFor(0, `${lake}.trace`).then(() => {
    startedAt = Date.now();
  });
  const { ended, trace } = await attemptAt(lake, runCommand(file), {});
  await begun;
  if (ended.code !== 0) throw new Error(ended.stderr);
  const points = new Map<string, number>();
  for (const name of trace) points.set(name, (points.get(name) ?? 0) + 1);
  const milliseconds = Date.now() - startedAt;
  const quarantined = new Set(await quarantineOf(lake));
  return { file, zones: await lakeOf(lake), quarantined, points, milliseconds };
};

/** How the n-th attempt is killed: at a failpoint, whatever its name, or at any time; or not at all. */
const killOf = (seed: number, attempt: number, { points, milliseconds }: CalmRun) => {
  const chance = (of: string): number => chanceOf(seed, attempt, of);
  if (attempt >= CALM_FROM || chance('kill') > 1 - attempt * 0.2 + 0.2) return {};
  if (chance('kind') < 0.4) return { killAfter: chance('time') * milliseconds };
  // Nothing happens between leaving a state and entering the next one.
  const names = [...points.keys()].filter((one) => !one.endsWith(':exited'));
  const name = names[Math.floor(chance('name') * names.length)] ?? '';
  return { failpoint: `${name}:${1 + Math.floor(chance('nth') * (points.get(name) ?? 1))}` };
};

/** Takes the file through faults and kills, goes on each time, and looks at what is left when the run is over. */
export const crashRound = async (seed: number, calm: CalmRun, lake: string): Promise<Round> => {
  const startedAt = Date.now();
  const [kills, faults, failures]: [string[], string[], string[]] = [[], [], []];
  let [redrives, startedAnew] = [0, 0];
  const rate = chanceOf(seed, 'rate') * 0.3;
  let args = runCommand(calm.file);
  for (let attempt = 1; ; attempt += 1) {
    if (attempt > MOST_ATTEMPTS) throw new Error(`seed ${seed}: not over after ${MOST_ATTEMPTS} attempts`);
    const { ended, trace } = await attemptAt(lake, args, {
      faults: { seed: seed * 100 + attempt, rate: attempt < CALM_FROM ? rate : 0, doom: seed },
      ...killOf(seed, attempt, calm),
    });
    faults.push(...trace.filter((line) => line.startsWith('fault:')));
    if (ended.code === 0) break;
    const line = ended.stderr.trimEnd().split('\n').at(-1) ?? '';
    if (ended.signal === 'SIGKILL') kills.push(trace.at(-1) ?? 'before its first step');
    else if (ended.code === 2 && /has succeeded/.test(line)) break;
    else if (ended.code === 2 && args[0] === 'redrive') {
      startedAnew += 1;
      redrives -= 1;
      args = runCommand(calm.file);
      continue;
    } else if (/; nothing is half done: .*, then: sluice redrive orders/.test(line)) {
      failures.push(/\((\w[\w.]*)\)/.exec(line)?.[1] ?? line);
    } else throw new Error(`seed ${seed}: ${line}`);
    redrives += 1;
    args = ['redrive', 'orders'];
  }
  const { wrong, setAside } = await judge(lake, calm);
  if (setAside > 0) {
    // Nothing is wrong with these rows: replayed, they are where they would have been.
    const { ended } = await attemptAt(lake, ['quarantine', 'replay', 'orders'], {});
    if (ended.code !== 0) wrong.push(ended.stderr);
    wrong.push(...(await judge(lake, calm)).wrong);
  }
  const milliseconds = Date.now() - startedAt;
  return { seed, kills, faults, redrives, startedAnew, failures, setAside, milliseconds, wrong };
};

const judge = async (lake: string, calm: CalmRun) => {
  const wrong: string[] = [];
  const zones = await lakeOf(lake);
  const path = Object.keys(zones).find((one) => /^\/curated\/runs\/.*json$/.test(one));
  const made =
    path === undefined ? null : manifest.parse(JSON.parse(await readFile(join(lake, path), 'utf8')));
  if (made?.status !== 'published') return { wrong: ['nothing is published'], setAside: 0 };
  const { rowsIn, accepted, filtered, duplicates, quarantined } = totalsOf(made.counts);
  const rows = strictRows(await readFile(calm.file, 'utf8'));
  if (rowsIn !== rows) wrong.push(`${rowsIn} rows in, the file has ${rows}`);
  const sum = accepted + filtered + duplicates + quarantined;
  if (sum !== rows) wrong.push(`the four counts add up to ${sum}, the file has ${rows} rows`);
  const lines = await quarantineOf(lake);
  if (lines.length !== quarantined) wrong.push(`${lines.length} rows in quarantine, not ${quarantined}`);
  const aside = lines.filter((one) => one.includes('"not_processed"'));
  const others = lines.filter((one) => !aside.includes(one) && !calm.quarantined.has(one));
  if (others.length > 0) wrong.push(`${others.length} rows are quarantined that were not`);
  const differing = [...new Set([...Object.keys(zones), ...Object.keys(calm.zones)])].filter(
    (one) => zones[one] !== calm.zones[one],
  );
  if (aside.length === 0) wrong.push(...differing.map((one) => `${one} differs`));
  const left = Object.keys(zones).filter((one) => one.startsWith('/curated/staging'));
  const journals = (await readdir(join(lake, 'executions'))).filter((one) => one.endsWith('.journal'));
  wrong.push(...[...left, ...journals, ...(await litterOf(lake))].map((one) => `${one} is left`));
  return { wrong, setAside: aside.length };
};
