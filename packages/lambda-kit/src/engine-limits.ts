import { availableParallelism } from 'node:os';
import { z } from 'zod';
import { parseEnv } from './parse-env.ts';

// Node, the bundle and the SDK's buffers, besides DuckDB's own memory.
const PROCESS_MB = 512;

const lambda = z.object({
  // Set by Lambda itself, in MB.
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: z
    .string()
    .regex(/^[1-9]\d*$/)
    .transform(Number),
});

/** What an engine may use of this function's memory and cores; it spills the rest to disk. */
export const engineLimits = (): { readonly memoryMb: number; readonly threads: number } => {
  const { AWS_LAMBDA_FUNCTION_MEMORY_SIZE: memory } = parseEnv(lambda);
  if (memory <= PROCESS_MB)
    throw new Error(`${memory} MB are too few for an engine; give the function 1024.`);
  return { memoryMb: memory - PROCESS_MB, threads: availableParallelism() };
};
