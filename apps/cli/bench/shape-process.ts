/**
 * Takes a file of a shape through one engine, up to staged rows, in a process to be measured. Prints what became of the
 * rows.
 *
 * node apps/cli/bench/shape-process.ts SHAPE ENGINE FILE FOLDER
 */
import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readJson } from '@sluice/lake-storage';
import { diskStore } from '@sluice/lake-storage/disk';
import { embeddedZones, stagingPrefix } from '@sluice/lake-storage/zones';
import { stageObject } from '@sluice/record-transform';
import { stagedName, transformReport } from '@sluice/step-contracts';
import { sparkEnvironment } from '@sluice/transform-spark/environment';
import { runSparkProgram } from '@sluice/transform-spark/run-program';
import { duckdbLimits } from '../src/run/steps.ts';
import { AS_OF } from './orders-file.ts';
import { SHAPES, type ShapeName } from './shapes-file.ts';

const [shape = '', engine = '', file = '', folder = ''] = process.argv.slice(2);
// shapes.ts gives one of them.
const { dataset } = SHAPES[shape as ShapeName];

const byDuckDb = async () => {
  const outputDir = join(folder, 'output');
  const scratchDir = join(folder, 'scratch');
  for (const path of [outputDir, scratchDir]) await mkdir(path, { recursive: true });
  const { counts } = await stageObject({
    dataset,
    path: file,
    key: `incoming/${dataset.name}/${dataset.name}.csv`,
    context: { asOf: Date.parse(AS_OF) },
    outputDir,
    scratchDir,
    limits: duckdbLimits,
  });
  return counts;
};

const bySpark = async () => {
  const objects = diskStore(join(folder, 'lake'));
  const key = `incoming/${dataset.name}/${dataset.name}.csv`;
  await mkdir(join(folder, 'lake', embeddedZones.raw, `incoming/${dataset.name}`), { recursive: true });
  await copyFile(file, join(folder, 'lake', embeddedZones.raw, key));
  const head = await objects.head({ bucket: embeddedZones.raw, key });
  if (!head) throw new Error(`${file} is gone`);
  const run = {
    runId: `shape-${shape}`,
    dataset: dataset.name,
    asOf: AS_OF,
    object: { bucket: embeddedZones.raw, key, size: head.size, etag: head.etag },
  };
  await runSparkProgram({
    environment: await sparkEnvironment({ env: process.env }),
    objects,
    curatedBucket: embeddedZones.curated,
    dataset,
    run,
    scratchDir: folder,
    onProgress: ({ stage, done, of }) => process.stderr.write(`${stage} ${done}/${of}\n`),
    onLog: (line) => process.stderr.write(`${line}\n`),
  });
  const report = { bucket: embeddedZones.curated, key: `${stagingPrefix(run.runId)}${stagedName.report}` };
  return transformReport.parse(await readJson(objects, report)).counts;
};

process.stdout.write(JSON.stringify(await (engine === 'spark' ? bySpark() : byDuckDb())));
