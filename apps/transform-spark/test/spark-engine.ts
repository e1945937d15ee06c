import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Dataset } from '@sluice/record-schema';
import type { Reason, RunContext } from '@sluice/record-transform';
import { readPublished, type StagedAnswer } from '@sluice/record-transform/conformance';
import { compileSparkPlan } from '@sluice/record-transform/spark';
import { transformReport } from '@sluice/step-contracts';
import { z } from 'zod';
import type { SparkWorker } from './spark-worker.ts';

/** An object as it is put to an engine. */
export interface TestObject {
  readonly key: string;
  readonly bytes: Uint8Array;
}

const count = z.int().min(0);
const figures = z.union([
  z.strictObject({ refusal: z.strictObject({ code: z.string(), message: z.string().min(1) }) }),
  z.strictObject({
    rowsIn: count,
    malformed: count,
    duplicates: count,
    fields: z.array(z.strictObject({ nulls: count, invalid: count, numericLooking: count })),
  }),
]);
type Figures = Exclude<z.output<typeof figures>, { refusal: unknown }>;

const quarantineLine = z.object({
  row: count,
  reasons: z.array(z.object({ field: z.string().nullable(), code: z.string() })),
});

/** What the program left in its folder. `files`: Parquet, as long as `look` runs. */
export interface SparkAnswer extends StagedAnswer {
  readonly figures: Figures;
  readonly counts: z.output<typeof transformReport>['counts'];
  readonly files: readonly string[];
  readonly quarantineLines: readonly string[];
}

export interface SparkEngine {
  /** Runs the program on an object and lets `look` at what it staged. */
  readonly run: <T>(
    dataset: Dataset,
    object: TestObject,
    context: RunContext,
    look: (answer: SparkAnswer | { readonly refused: string }) => T | Promise<T>,
  ) => Promise<T>;
}

const readAnswer = async (
  dataset: Dataset,
  folder: string,
): Promise<SparkAnswer | { readonly refused: string }> => {
  const text = (name: string): string => readFileSync(join(folder, name), 'utf8');
  const found = figures.parse(JSON.parse(text('figures.json')));
  const left = readdirSync(folder).filter((name) => !name.endsWith('.crc'));
  if ('refusal' in found) {
    const others = left.filter((name) => name !== 'figures.json');
    if (others.length > 0) throw new Error(`a refused object left ${others.join(', ')}`);
    return { refused: found.refusal.code };
  }
  const { counts, engine, unknownColumns } = transformReport.parse(JSON.parse(text('transform.json')));
  if (engine !== 'spark') throw new Error(`the report is of engine ${engine}`);
  const rows = join(folder, 'accepted-rows');
  const files = existsSync(rows)
    ? readdirSync(rows)
        .filter((name) => name.endsWith('.parquet'))
        .map((name) => join(rows, name))
    : [];
  const accepted = await readPublished(dataset, files);
  const quarantineLines = left.includes('quarantine.jsonl')
    ? text('quarantine.jsonl').split('\n').slice(0, -1)
    : [];
  const quarantined = quarantineLines.map((line) => {
    const { row, reasons } = quarantineLine.parse(JSON.parse(line));
    return { row, reasons: reasons as readonly Reason[] }; // only to be compared
  });
  const told: readonly (readonly [string, number, number])[] = [
    ['accepted', counts.accepted, accepted.length],
    ['quarantined', counts.quarantined, quarantined.length],
    ['rowsIn', counts.rowsIn, found.rowsIn],
    ['duplicates', counts.duplicates, found.duplicates],
  ];
  const wrong = told.filter(([, one, other]) => one !== other);
  if (wrong.length > 0) throw new Error(`the report and the files differ: ${JSON.stringify(wrong)}`);
  const { rowsIn, filtered, duplicates } = counts;
  const staged = { rowsIn, accepted, quarantined, filtered, duplicates, unknownColumns };
  return { ...staged, figures: found, counts, files, quarantineLines };
};

/** The program itself, over the session of a worker; its answer is what it staged. */
export const createSparkEngine = (worker: SparkWorker): SparkEngine => ({
  run: async (dataset, { key, bytes }, { asOf, pseudonymKey }, look) => {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-spark-'));
    try {
      // Under the object's own name: names are what Hadoop has opinions on.
      const input = join(folder, 'raw', key);
      const output = join(folder, 'output');
      const plans = join(folder, 'plans');
      for (const path of [dirname(input), plans]) mkdirSync(path, { recursive: true });
      writeFileSync(input, bytes);
      writeFileSync(join(plans, `${dataset.name}.json`), JSON.stringify(compileSparkPlan(dataset)));
      const run = {
        runId: 'conformance',
        dataset: dataset.name,
        asOf: new Date(asOf).toISOString(),
        object: { bucket: 'raw', key, size: bytes.length, etag: 'none' },
      };
      const error = await worker.run({
        arguments: [
          ...['--run', JSON.stringify(run), '--plans', `file://${plans}`, '--curated-bucket', 'curated'],
          ...['--input', `file://${input}`, '--output', `file://${output}/`],
        ],
        pseudonymKey,
      });
      if (error !== null) throw new Error(error);
      return await look(await readAnswer(dataset, output));
    } finally {
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    }
  },
});
