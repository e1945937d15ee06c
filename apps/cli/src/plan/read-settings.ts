import { readFile } from 'node:fs/promises';
import type { PlanSettings } from '@sluice/workflows/plan';
import { planEnvironments } from '@sluice/workflows/plan/environments';
import { z } from 'zod';
import { CliError, oneLine } from '../cli-error.ts';
import { didYouMean } from '../did-you-mean.ts';

const functionSize = z.object({
  memoryMb: z.int().min(1),
  timeoutSeconds: z.int().min(1),
  reservedConcurrency: z.int().min(1).nullable(),
});

/** As `--json` prints it. Limits are not checked here: telling of them is what a plan is for. */
const settingsFile: z.ZodType<PlanSettings> = z.object({
  region: z.string(),
  lambda: z.object({
    architecture: z.enum(['arm64', 'x86_64']),
    functions: z.object({
      startPipeline: functionSize,
      validateObject: functionSize,
      scoreQuality: functionSize,
      transformObject: functionSize,
      publishRun: functionSize,
      processRows: functionSize,
      recordFailedRows: functionSize,
      collectMapRun: functionSize,
    }),
  }),
  transform: z.object({ lambdaMaxBytes: z.int().min(1) }),
  spark: z.object({
    workerType: z.enum(['G.1X', 'G.2X']),
    workers: z.int().min(2),
    timeoutMinutes: z.int().min(1),
  }),
  map: z.object({
    executionType: z.enum(['STANDARD', 'EXPRESS']),
    maxItemsPerBatch: z.int().min(1),
    maxInputBytesPerBatch: z.int().min(1),
    maxConcurrency: z.int().min(0),
    toleratedFailurePercentage: z.number(),
  }),
});

/** The settings of an environment. */
export const settingsOf = (environment: string): PlanSettings => {
  const found = Object.entries(planEnvironments).find(([name]) => name === environment);
  if (found) return found[1];
  const names = Object.keys(planEnvironments);
  const hint = didYouMean(environment, names) || `; there are ${names.join(', ')}`;
  throw new CliError(`there is no environment ${JSON.stringify(environment)}${hint}`);
};

/** Complete settings from a JSON file, or one clear line. */
export const readSettings = async (path: string): Promise<PlanSettings> => {
  const wrong = (why: string): never => {
    throw new CliError(`the settings ${path} cannot be used: ${why}; print some: sluice plan … --json`);
  };
  const text = await readFile(path, 'utf8').catch((error: unknown) => wrong(oneLine(error)));
  const json: unknown = (() => {
    try {
      return JSON.parse(text);
    } catch (error) {
      return wrong(oneLine(error));
    }
  })();
  // The whole answer of --json will do, too.
  const inside = z.object({ settings: z.unknown() }).safeParse(json);
  const parsed = settingsFile.safeParse(inside.success ? inside.data.settings : json);
  if (parsed.success) return parsed.data;
  const [first] = parsed.error.issues;
  return wrong(`${first?.path.join('.') || 'it'}: ${first?.message ?? 'is wrong'}`);
};
