import { availableParallelism } from 'node:os';
import type { JudgeRows } from '@sluice/process-rows/keep-judge';
import { Tinypool } from 'tinypool';
import { MOST_THREADS } from './csv-map-machine.ts';
import type { JudgedText, Judging } from './judge-worker.ts';

export interface JudgePool {
  readonly judge: JudgeRows;
  /** Stops the threads, whatever they are doing. */
  readonly close: () => Promise<void>;
}

/** Judges batches in threads of their own, as a Lambda has a machine of its own: meanwhile the next rows are read. */
export const judgePool = (pseudonymKey: string | undefined): JudgePool => {
  let pool: Tinypool | null = null;
  return {
    judge: async ({ name }, asOf, { first, rows }) => {
      pool ??= new Tinypool({
        filename: new URL('./judge-worker.ts', import.meta.url).href,
        // They go when the last batch is judged: what comes then needs the memory.
        minThreads: 0,
        idleTimeout: 300,
        // The thread that reads rows is busy, too.
        maxThreads: Math.max(1, Math.min(availableParallelism() - 1, MOST_THREADS)),
        // A thread with nothing at hand waits until the one that reads has finished its turn.
        concurrentTasksPerWorker: 8,
        resourceLimits: { maxYoungGenerationSizeMb: 16 },
      });
      const columns = Object.keys(rows[0] ?? {});
      const cells: string[] = [];
      for (const row of rows) for (const column of columns) cells.push(row[column] ?? '');
      // Copying a text between threads takes a tenth of the time that copying objects takes.
      const judging: Judging = { dataset: name, asOf, pseudonymKey, first, columns, cells };
      const { part, fates }: JudgedText = await pool.run(JSON.stringify(judging));
      return { part: Buffer.from(part.buffer, part.byteOffset, part.length), fates };
    },
    close: async () => {
      await pool?.destroy();
    },
  };
};
