import { failpoint, type ObjectStore, putJson, uploadFile, withLocalFile } from '@sluice/lake-storage';
import { stagingPrefix } from '@sluice/lake-storage/zones';
import type { Dataset } from '@sluice/record-schema';
import type { StagedObject, StageRequest } from '@sluice/record-transform';
import {
  stagedName,
  type TransformObjectInput,
  type TransformObjectOutput,
  totalsOf,
  transformReport,
} from '@sluice/step-contracts';

export interface TransformObjectDeps {
  readonly findDataset: (name: string) => Dataset | undefined;
  readonly objects: ObjectStore;
  readonly curatedBucket: string;
  /** Gives the work a folder and removes it afterwards. */
  readonly withScratchFolder: <T>(work: (folder: string) => Promise<T>) => Promise<T>;
  readonly stageObject: (
    request: Omit<StageRequest, 'limits' | 'onProgress' | 'context' | 'open'> & { readonly asOf: number },
  ) => Promise<StagedObject>;
}

/** Stages the rows of one object. What an attempt that died left in staging goes first. */
export const transformObject = async (
  input: TransformObjectInput,
  deps: TransformObjectDeps,
): Promise<TransformObjectOutput> => {
  const { runId, dataset: name, asOf } = input;
  const dataset = deps.findDataset(name);
  if (!dataset) throw new Error(`There is no dataset ${name}.`);
  const { objects, curatedBucket: bucket } = deps;
  const prefix = stagingPrefix(runId);
  await clearLeftovers(objects, bucket, prefix);
  failpoint('transform:cleared');

  const counts = await deps.withScratchFolder((scratchDir) =>
    deps.withScratchFolder(async (outputDir) => {
      const { etag, size: _size, ...version } = input.object;
      const staged = await withLocalFile(objects, version, scratchDir, { ifMatch: etag }, (path) =>
        deps.stageObject({
          dataset,
          key: version.key,
          path,
          asOf: Date.parse(asOf),
          outputDir,
          scratchDir,
        }),
      );
      const upload = (path: string, name: string) =>
        uploadFile(objects, path, { bucket, key: `${prefix}${name}` });
      for (const [n, { file }] of staged.accepted.entries()) await upload(file, stagedName.accepted(n));
      if (staged.quarantine) await upload(staged.quarantine.file, stagedName.quarantine);
      failpoint('transform:uploaded');
      const report = transformReport.parse({ engine: 'duckdb', ...staged });
      await putJson(objects, { bucket, key: `${prefix}${stagedName.report}` }, report);
      return report.counts;
    }),
  );
  return { engine: 'duckdb', staged: { bucket, prefix }, counts: totalsOf(counts) };
};

/** The report goes first, since without it the rest is unfinished work. The quality report and the journal stay. */
const clearLeftovers = async (objects: ObjectStore, bucket: string, prefix: string): Promise<void> => {
  await objects.delete({ bucket, key: `${prefix}${stagedName.report}` });
  const rows: string[] = [];
  for await (const key of objects.keys(bucket, `${prefix}${stagedName.acceptedPrefix}`)) rows.push(key);
  const { failed } = await objects.deleteMany(bucket, [...rows, `${prefix}${stagedName.quarantine}`]);
  if (failed.length === 0) return;
  const reasons = failed.map(({ key, reason }) => `${key}: ${reason}`).join('; ');
  throw new Error(`${failed.length} objects in bucket ${bucket} could not be deleted: ${reasons}`);
};
