import { z } from 'zod';
import type { SparkProgress } from './spark-process.ts';

const progressLine = z.object({ stage: z.string(), done: z.int().min(0), of: z.int().min(0) });

interface ReadLines {
  readonly line: (line: string) => void;
  /** Why the program ended so, in one line. */
  readonly failure: (end: { readonly code: number | null; readonly signal: NodeJS.Signals | null }) => string;
}

/** `25/11/22 02:30:00 WARN TaskSetManager: …`, as log4j writes it, and what follows such a line indented. */
const LOGGED =
  /^(\d\d\/\d\d\/\d\d \d\d:\d\d:\d\d [A-Z]+ |\s|Setting default log level|To adjust logging level|WARNING: )/;

/** What Python puts before the message of an exception, and what the program says to who sees all of its lines. */
const RAISED = /^transform_spark[\w.]*: | \(more in the lines above\)$/g;

/** Tells the program's lines on standard error apart: how far it is, why it failed, and the log of Spark. */
export const readLines = (to: {
  readonly onProgress?: ((progress: SparkProgress) => void) | undefined;
  readonly onLog?: ((line: string) => void) | undefined;
}): ReadLines => {
  let last = '';
  return {
    line: (line) => {
      const progress = progressOf(line);
      if (progress) return to.onProgress?.(progress);
      to.onLog?.(line);
      if (line.trim() !== '' && !LOGGED.test(line)) last = line.trim().replace(RAISED, '');
    },
    failure: ({ code, signal }) => {
      if (signal === null) return last || `Spark ended with exit code ${code} and did not say why`;
      const why = signal === 'SIGKILL' ? ', as a system does that is short of memory' : '';
      return `Spark was ended by ${signal}${why}`;
    },
  };
};

const progressOf = (line: string): SparkProgress | null => {
  if (!line.startsWith('progress ')) return null;
  try {
    return progressLine.safeParse(JSON.parse(line.slice('progress '.length))).data ?? null;
  } catch {
    return null;
  }
};
