import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ScratchWriter } from './scratch-files.ts';

/** With so many rows or bytes of lines a file is full: few files for readers, little scratch space for us. */
const FULL = { rows: 500_000, bytes: 512 * 1024 * 1024 };

export interface AcceptedFiles {
  /** Whole lines of values. */
  add(lines: Buffer, rows: number): Promise<void>;
  /** How many rows the Parquet files hold. */
  end(): Promise<number>;
  /** Lets go of the files, however the work ended. */
  close(): Promise<void>;
}

/** Collects accepted rows into Parquet files. While one is written from its lines, those of the next are collected. */
export const acceptedFiles = (parts: {
  /** Turns a file of lines into Parquet; how many rows it wrote. */
  readonly writeParquet: (values: string, parquet: string) => Promise<number>;
  readonly scratchDir: string;
  /** Takes the n-th file, which is then removed. */
  readonly onFile: (path: string, n: number) => Promise<void>;
  readonly full?: { readonly rows: number; readonly bytes: number };
}): AcceptedFiles => {
  const { writeParquet, scratchDir, onFile, full = FULL } = parts;
  let files = 0;
  let current: { readonly lines: ScratchWriter; readonly n: number } | null = null;
  let currentRows = 0;
  let currentBytes = 0;
  let written = 0;
  let writing: Promise<void> = Promise.resolve();

  const convert = async (values: string, n: number): Promise<void> => {
    const parquet = join(scratchDir, `accepted-${n}.parquet`);
    written += await writeParquet(values, parquet);
    await rm(values);
    await onFile(parquet, n);
    await rm(parquet);
  };

  const finish = async (): Promise<void> => {
    if (!current) return;
    const { lines, n } = current;
    current = null;
    currentRows = 0;
    currentBytes = 0;
    await lines.close();
    // One at a time: the engine has all the cores it may use.
    await writing;
    writing = convert(lines.path, n);
    // Awaited with the next file or at the end; until then nobody else may see it fail.
    writing.catch(() => undefined);
  };

  return {
    async add(lines, rows) {
      if (rows === 0) return;
      if (!current) {
        current = {
          lines: await ScratchWriter.create(join(scratchDir, `accepted-${files}.jsonl`)),
          n: files,
        };
        files += 1;
      }
      current.lines.bytes(lines);
      await current.lines.flushIfFull();
      currentRows += rows;
      currentBytes += lines.length;
      if (currentRows >= full.rows || currentBytes >= full.bytes) await finish();
    },
    async end() {
      await finish();
      await writing;
      return written;
    },
    async close() {
      await current?.lines.close();
      await writing.catch(() => undefined);
    },
  };
};
