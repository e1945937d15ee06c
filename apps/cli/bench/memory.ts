/**
 * Memory is bounded: 1 GB of orders runs from CSV to published Parquet with less than 1.5 GB in memory, all processes
 * together.
 *
 * node apps/cli/bench/memory.ts [megabytes]
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeOrders } from './orders-file.ts';
import { sluicePipeline } from './pipelines.ts';

const MOST_BYTES = 1.5e9;
const [megabytes = 1000] = process.argv.slice(2).map(Number);

const folder = await mkdtemp(join(tmpdir(), 'sluice-bench-'));
try {
  const file = join(folder, 'orders.csv');
  await writeOrders(file, megabytes * 1e6);
  const { measured, answer } = await sluicePipeline(file, folder);
  const { seconds, cpuSeconds, peakRss } = measured;
  const { rowsIn } = answer.counts;
  console.log(
    `${megabytes} MB, ${rowsIn} rows: at most ${(peakRss / 1e6).toFixed(0)} MB in memory, ${seconds.toFixed(1)} s (${cpuSeconds.toFixed(1)} s of CPU), ${Math.round(rowsIn / seconds)} rows/s`,
  );
  if (peakRss >= MOST_BYTES) throw new Error(`more than ${MOST_BYTES / 1e6} MB in memory`);
} finally {
  await rm(folder, { recursive: true, force: true });
}
