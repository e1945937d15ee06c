/**
 * What skew and width cost each engine: files of odd shapes up to their staged rows, and many small objects one by one.
 * Both engines must count the same.
 *
 * node apps/cli/bench/shapes.ts [--shapes texts,wide,copies] [--small 50] [--engines duckdb,spark]
 */
import { mkdir, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { type Measured, measureProcess, median } from './measured-process.ts';
import { writeOrders } from './orders-file.ts';
import { sluiceRun } from './pipelines.ts';
import { SHAPES, type ShapeName, writeShape } from './shapes-file.ts';

const MANY = 10_000;
const PATIENCE_SECONDS = 900;
const SMALL_BYTES = 20_000;
const main = fileURLToPath(new URL('shape-process.ts', import.meta.url));

const { values } = parseArgs({
  options: {
    shapes: { type: 'string', default: Object.keys(SHAPES).join(',') },
    small: { type: 'string', default: '50' },
    engines: { type: 'string', default: 'duckdb,spark' },
  },
});
const engines = values.engines.split(',');

const line = (...cells: readonly string[]): void => console.log(`| ${cells.join(' | ')} |`);
const tell = (what: string, engine: string, { seconds, cpuSeconds, peakRss }: Measured): void =>
  line(what, engine, seconds.toFixed(1), cpuSeconds.toFixed(1), (peakRss / 1e6).toFixed(0));

/** What an engine cannot do is a finding, too. */
const reasonOf = ({ message }: Error): string =>
  message.includes('ended with 124')
    ? `not done after ${PATIENCE_SECONDS} s`
    : (/[^\n[]*Error: [^\n]*(?=\n)/g.exec(message.split(': ').slice(1).join(': '))?.[0] ??
      message.slice(-300));

const folder = await mkdtemp(join(tmpdir(), 'sluice-bench-'));
try {
  line('object', 'engine', 'seconds', 'CPU seconds', 'peak memory, MB');
  line('---', '---', '---:', '---:', '---:');
  for (const name of values.shapes.split(',').filter((one): one is ShapeName => one in SHAPES)) {
    const file = join(folder, `${name}.csv`);
    await writeShape(name, file);
    const what = `${SHAPES[name].what}, ${((await stat(file)).size / 1e6).toFixed(0)} MB`;
    let counts: unknown;
    for (const engine of engines) {
      const at = join(folder, engine);
      await mkdir(at);
      const command = [String(PATIENCE_SECONDS), process.execPath, main, name, engine, file, at];
      const measured = await measureProcess('timeout', command).catch(reasonOf);
      if (typeof measured === 'string') line(what, engine, measured, '', '');
      else {
        const counted: unknown = JSON.parse(measured.stdout);
        counts ??= counted;
        if (!isDeepStrictEqual(counts, counted))
          throw new Error(`${name}: ${JSON.stringify(counts)} and ${measured.stdout}`);
        tell(what, engine, measured);
      }
      await rm(at, { recursive: true });
    }
    await rm(file);
  }
  const small = Number(values.small);
  if (small > 0) {
    const file = join(folder, 'orders.csv');
    await writeOrders(file, SMALL_BYTES);
    for (const engine of engines) {
      const all: Measured[] = [];
      for (let at = 0; at < small; at += 1)
        all.push((await sluiceRun(engine, '--engine', engine)(file, folder)).measured);
      const each = median(all.map(({ seconds }) => seconds));
      const most = Math.max(...all.map(({ peakRss }) => peakRss));
      line(
        `${small} objects of ${((await stat(file)).size / 1e3).toFixed(0)} kB, one by one; ${each.toFixed(2)} s each, ${((each * MANY) / 3600).toFixed(1)} h for ${MANY}`,
        engine,
        all.reduce((sum, { seconds }) => sum + seconds, 0).toFixed(1),
        all.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0).toFixed(1),
        (most / 1e6).toFixed(0),
      );
    }
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
