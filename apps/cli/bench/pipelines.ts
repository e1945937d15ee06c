import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pythonEnvironment } from '@sluice/scripts/python-env';
import { manifest, rowCounts } from '@sluice/step-contracts';
import { z } from 'zod';
import { type Answer, figures } from './answers.ts';
import { type Measured, measureProcess } from './measured-process.ts';
import { AS_OF } from './orders-file.ts';

export interface PipelineRun {
  readonly measured: Measured;
  readonly answer: Answer;
}

/** Takes a file of orders all the way, as a process of its own, into a new lake in `folder`. */
export type Pipeline = (file: string, folder: string) => Promise<PipelineRun>;

const sluice = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const runView = z.object({ manifest: manifest.options[0] });

/** `sluice run`, with options of the workflow's. */
export const sluiceRun =
  (name: string, ...options: readonly string[]): Pipeline =>
  async (file, folder) => {
    const lake = join(folder, name);
    await rm(lake, { recursive: true, force: true });
    const measured = await measureProcess(process.execPath, [
      ...[sluice, 'run', file, '--dataset', 'orders', '--as-of', AS_OF, '--lake', lake, '--json', ...options],
    ]);
    const { counts, quality } = runView.parse(JSON.parse(measured.stdout)).manifest;
    const accepted = join(lake, 'curated/processed/**/*.parquet');
    return {
      measured,
      answer: { counts, profile: figures.parse(quality.profile), score: quality.verdict.score, accepted },
    };
  };

export const sluicePipeline = sluiceRun('sluice');
export const csvMapPipeline = sluiceRun('csv-map', '--workflow', 'csv-map', '--batch-rows', '100');

const pandasManifest = z.object({ counts: rowCounts, profile: figures, score: z.number() });

/** The same with a script over pandas, in our own virtual environment. */
export const pandasPipeline = async (name: 'pandas_plain.py' | 'pandas_pipeline.py'): Promise<Pipeline> => {
  const python = await pythonEnvironment();
  const script = fileURLToPath(new URL(name, import.meta.url));
  return async (file, folder) => {
    const lake = join(folder, 'pandas');
    await rm(lake, { recursive: true, force: true });
    const measured = await measureProcess(python, [script, file, AS_OF, lake]);
    const written = pandasManifest.parse(
      JSON.parse(await readFile(join(lake, 'runs/orders/orders.json'), 'utf8')),
    );
    return { measured, answer: { ...written, accepted: join(lake, 'processed/**/*.parquet') } };
  };
};
