import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { failpoint, type ObjectStore, uploadFile } from '@sluice/lake-storage';
import { stagedName } from '@sluice/step-contracts';

/** A folder of staging. The prefix ends in a slash. */
interface StagedFolder {
  readonly bucket: string;
  readonly prefix: string;
}

const ROWS = 'accepted-rows';
const FIGURES = 'figures.json';

/** The report goes first, since without it the rest is unfinished work. The quality report and the journal stay. */
export const clearStaged = async (objects: ObjectStore, bucket: string, prefix: string): Promise<void> => {
  await objects.delete({ bucket, key: `${prefix}${stagedName.merged}` });
  await objects.delete({ bucket, key: `${prefix}${stagedName.report}` });
  const rows: string[] = [];
  for await (const key of objects.keys(bucket, `${prefix}accepted-`)) rows.push(key);
  const others = [stagedName.quarantine, FIGURES].map((name) => `${prefix}${name}`);
  const { failed } = await objects.deleteMany(bucket, [...rows, ...others]);
  if (failed.length === 0) return;
  const reasons = failed.map(({ key, reason }) => `${key}: ${reason}`).join('; ');
  throw new Error(`${failed.length} objects in bucket ${bucket} could not be deleted: ${reasons}`);
};

/** Puts what the program left in a folder into staging: rows, then figures, then the report, if there is one. */
export const stageOutput = async (
  objects: ObjectStore,
  folder: string,
  { bucket, prefix }: StagedFolder,
): Promise<void> => {
  const left = await readdir(folder);
  const upload = (name: string) =>
    uploadFile(objects, join(folder, name), { bucket, key: `${prefix}${name}` });
  if (!left.includes(FIGURES)) throw new Error(`Spark ended well and left no ${FIGURES}.`);
  if (left.includes(ROWS)) {
    // Beside them lie checksums, whose names begin with a dot.
    const files = (await readdir(join(folder, ROWS))).filter((name) => /^part-.*\.parquet$/.test(name));
    for (const name of files.sort()) await upload(`${ROWS}/${name}`);
  }
  for (const name of [stagedName.quarantine, FIGURES]) if (left.includes(name)) await upload(name);
  failpoint('spark:uploaded');
  if (left.includes(stagedName.report)) await upload(stagedName.report);
};
