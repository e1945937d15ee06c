import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Dataset } from '@sluice/record-schema';
import {
  openObject,
  type RowMarks,
  type RunContext,
  type StagedObject,
  stageObject,
} from '@sluice/record-transform';
import type { TestObject } from './spark-engine.ts';

/** What DuckDB's own transform left of an object, and what it noted of its cells. */
export interface DuckdbStage {
  readonly staged: StagedObject;
  readonly marks: RowMarks;
  readonly quarantineLines: readonly string[];
}

/** Lets `look` at what the Lambda's engine stages of an object. Throws `RefusedObject`. */
export const stageWithDuckdb = async <T>(
  dataset: Dataset,
  { key, bytes }: TestObject,
  context: RunContext,
  look: (stage: DuckdbStage) => T | Promise<T>,
): Promise<T> => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-duckdb-'));
  try {
    const [path, outputDir, scratchDir] = [join(folder, 'object'), join(folder, 'out'), join(folder, 'tmp')];
    for (const one of [outputDir, scratchDir]) mkdirSync(one);
    writeFileSync(path, bytes);
    let marks: RowMarks | undefined;
    const staged = await stageObject({
      ...{ dataset, key, path, context, outputDir, scratchDir },
      limits: { memoryMb: 300, threads: 2 },
      open: (request, work) =>
        openObject(request, (object) => {
          marks = object.marks;
          return work(object);
        }),
    });
    if (!marks) throw new Error('nothing was read');
    const quarantineLines = staged.quarantine
      ? readFileSync(staged.quarantine.file, 'utf8').split('\n').slice(0, -1)
      : [];
    return await look({ staged, marks, quarantineLines });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};
