import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { sparkProgram } from '@sluice/transform-spark/env';
import { z } from 'zod';
import { type PackedFile, zipOf } from './zip.ts';

/** What the Spark job runs with, as it is uploaded: its script, its package, a plan for each dataset. */
export interface SparkCode {
  /** 16 hex digits that stand for all of its bytes. */
  readonly id: string;
  readonly files: readonly PackedFile[];
  /** A dataset's target is a Delta table, which Glue and EMR have to be told. */
  readonly needsDelta: boolean;
}

/** The names of the files; plans are called `plans/<dataset>.json`. */
export const sparkNames = { script: 'job.py', package: 'transform_spark.zip', plans: 'plans/' } as const;

/** Where a synthesized stack finds the files: beside the stacks. */
export const sparkFolder = 'spark';

const plan = z.looseObject({ target: z.looseObject({ format: z.string() }) });

/** Sorted by code units, since folders list in an order of their own, and a locale would be the machine's. */
const filesBelow = (folder: string, extension: string): PackedFile[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(extension))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .map((file) => ({ path: relative(folder, file).split(sep).join('/'), content: readFileSync(file) }));

const prefixed = (prefix: string, files: readonly PackedFile[]): PackedFile[] =>
  files.map(({ path, content }) => ({ path: `${prefix}${path}`, content }));

const hashOf = (files: readonly PackedFile[]): string => {
  const hash = createHash('sha256');
  for (const { path, content } of files) hash.update(`${path} ${content.length}\n`).update(content);
  return hash.digest('hex').slice(0, 16);
};

/** Reads the program of this checkout. The same sources give the same bytes and id on any machine. */
export const sparkCode = (): SparkCode => {
  const plans = filesBelow(sparkProgram.plans, '.json');
  const files: PackedFile[] = [
    { path: sparkNames.script, content: readFileSync(sparkProgram.script) },
    {
      path: sparkNames.package,
      content: zipOf(prefixed('transform_spark/', filesBelow(sparkProgram.package, '.py'))),
    },
    ...prefixed(sparkNames.plans, plans),
  ];
  const targets = plans.map(({ content }) => plan.parse(JSON.parse(Buffer.from(content).toString())).target);
  return { id: hashOf(files), files, needsDelta: targets.some(({ format }) => format === 'delta') };
};

/** Writes the files beside the stacks that name them, and nothing else is left there. */
export const writeSparkCode = (outDir: string, { files }: SparkCode): void => {
  rmSync(join(outDir, sparkFolder), { recursive: true, force: true });
  for (const { path, content } of files) {
    const file = join(outDir, sparkFolder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
};
