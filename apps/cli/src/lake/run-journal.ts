import { randomUUID } from 'node:crypto';
import { closeSync, createReadStream, fsyncSync, openSync, writeSync } from 'node:fs';
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { processName } from '@sluice/lake-storage/process-name';
import type { ExecutionJournal } from '@sluice/local-stepfunctions';
import { runInput } from '@sluice/step-contracts';
import { z } from 'zod';
import { CliError, errnoOf, oneLine } from '../cli-error.ts';
import { EXIT } from '../exit-codes.ts';
import { chosenEngine } from './execution-record.ts';
import type { Lake } from './open-lake.ts';

/** What an execution was started with. A redrive goes on with the same, as on AWS, whatever the program has become since. */
const journalHeader = z.object({
  journalVersion: z.literal(1),
  run: runInput,
  workflow: z.enum(['etl', 'csv-map']),
  /** Null for csv-map, and in journals of the time when there was only one. */
  engine: chosenEngine.nullable().default(null),
  /** The file that was given. */
  source: z.string(),
  /** ISO 8601 in UTC. */
  startedAt: z.string(),
  /** Changes with the dataset: rows that were judged by two versions of it do not belong together. */
  origin: z.string(),
  /** Changes with PSEUDONYM_KEY, and does not give it away; null without one. */
  pseudonymKeyId: z.string().nullable(),
  /** The state machine that was executed. */
  definition: z.record(z.string(), z.unknown()),
});
export type JournalHeader = z.output<typeof journalHeader>;

/**
 * What a redrive of a run needs: `executions/<run-id>.journal`, a line of what it was started with, then the execution's
 * own journal. It is there from a run's start until the run is over, so there is at most one for each object; a few hundred
 * bytes for each batch, and no row.
 */
export interface RunJournal {
  readonly header: JournalHeader;
  readonly journal: ExecutionJournal;
  /** Nothing is appended any more. */
  readonly close: () => void;
  /** The run is over. */
  readonly remove: () => Promise<void>;
}

const EXTENSION = '.journal';
/** A definition has some 10 KiB. */
const MOST_HEADER_BYTES = 1024 * 1024;

const folderOf = (lake: Lake): string => join(lake.root, 'executions');
const pathOf = (lake: Lake, runId: string): string => join(folderOf(lake), `${runId}${EXTENSION}`);

/** A journal for an execution that is about to start, in the place of that of an earlier one. */
export const createJournal = async (lake: Lake, header: JournalHeader): Promise<RunJournal> => {
  const path = pathOf(lake, header.run.runId);
  const temporaries = join(lake.hidden, 'tmp');
  await mkdir(folderOf(lake), { recursive: true });
  await mkdir(temporaries, { recursive: true });
  const temporary = join(temporaries, `${processName()}.${randomUUID()}`);
  const line = Buffer.from(`${JSON.stringify(header)}\n`);
  try {
    const handle = await open(temporary, 'wx');
    try {
      await handle.writeFile(line);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  } finally {
    await rm(temporary, { force: true });
  }
  return journalAt(path, header, line.length);
};

/** The journal that the last execution of a run has left; null if there is none, or none that can be read. */
export const openJournal = async (lake: Lake, runId: string): Promise<RunJournal | null> => {
  const path = pathOf(lake, runId);
  const line = await firstLineOf(path);
  if (line === null) return null;
  const header = journalHeader.safeParse(jsonOf(line));
  return header.success ? journalAt(path, header.data, line.length + 1) : null;
};

/** The ids of the runs that left a journal: those that are running, were killed, or failed. */
export const listJournals = async (lake: Lake): Promise<string[]> => {
  const names = await readdir(folderOf(lake)).catch((error: unknown) => {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  });
  return names.filter((name) => name.endsWith(EXTENSION)).map((name) => name.slice(0, -EXTENSION.length));
};

const journalAt = (path: string, header: JournalHeader, headerBytes: number): RunJournal => {
  let file: number | null = null;
  return {
    header,
    journal: {
      // A few microseconds a batch, less than a promise would take. Written it survives the process; what a power cut
      // takes of the end has not happened, and is done again.
      append: (text) => {
        file ??= openSync(path, 'a');
        appendWhole(file, path, Buffer.from(text));
      },
      read: () => createReadStream(path, { start: headerBytes }),
    },
    close: () => {
      if (file === null) return;
      fsyncSync(file);
      closeSync(file);
      file = null;
    },
    remove: () => rm(path, { force: true }),
  };
};

const appendWhole = (file: number, path: string, bytes: Uint8Array): void => {
  try {
    for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
  } catch (error) {
    throw new CliError(
      `the run's journal ${path} cannot be written (${oneLine(error)}); make room, then go on: sluice redrive RUN`,
      EXIT.fault,
      error,
    );
  }
};

/** Null if there is no file, or no end of the line in its first mebibyte. */
const firstLineOf = async (path: string): Promise<Buffer | null> => {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of createReadStream(path, { end: MOST_HEADER_BYTES })) {
      const bytes: Buffer = chunk;
      const end = bytes.indexOf(0x0a);
      chunks.push(end < 0 ? bytes : bytes.subarray(0, end));
      if (end >= 0) return Buffer.concat(chunks);
    }
    return null;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null;
    throw error;
  }
};

const jsonOf = (line: Buffer): unknown => {
  try {
    return JSON.parse(line.toString('utf8'));
  } catch {
    return null;
  }
};
