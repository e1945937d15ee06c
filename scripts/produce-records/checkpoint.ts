import { createHash } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { EXIT, errnoOf, oneLine, ProduceError } from './produce-error.ts';

/** What a checkpoint holds for: an input, the stream it goes to, and how it is told in there. */
export interface Job {
  readonly input: Readonly<Record<string, string | number>>;
  readonly target: Readonly<Record<string, string>>;
}

interface State extends Job {
  readonly version: 1;
  /** Every record up to this one is in the stream or was refused; none behind it can be relied on. */
  readonly acknowledged: number;
  /** How many of them were refused. */
  readonly refused: number;
  readonly done: boolean;
  readonly at: string;
}

export interface Checkpoint {
  readonly file: string;
  readonly acknowledged: number;
  readonly refused: number;
  /** When the whole input was through; null if it is not. */
  readonly doneAt: string | null;
  /** Replaces the file in one step. */
  readonly write: (reached: { acknowledged: number; refused: number; done: boolean }) => Promise<void>;
}

/** Where the checkpoint of a job is if nobody says: in the user's folder for state, by the input's and stream's names. */
export const defaultCheckpointFile = (job: Job, label: string, env: NodeJS.ProcessEnv): string => {
  const folder = env.XDG_STATE_HOME || join(homedir(), '.local', 'state');
  const digest = createHash('sha256')
    .update(JSON.stringify([job.input.path, job.target]))
    .digest('hex');
  return join(folder, 'sluice', 'produce', `${basename(label)}-${digest.slice(0, 12)}.json`);
};

/**
 * The checkpoint of a job.
 *
 * @throws {ProduceError} it is of another job, or of this one's input as it was before a change
 */
export const openCheckpoint = async (file: string, job: Job, label: string): Promise<Checkpoint> => {
  const state = await readState(file);
  const startsAnew = `to start at its first record, remove ${file} or say --no-checkpoint`;
  // What is done is done; what has come since under the same name is another input.
  const isOfBefore = state?.done === true && !isSame(state, job);
  if (state && !isOfBefore) {
    if (!isSame({ target: state.target }, { target: job.target })) {
      throw new ProduceError(`the checkpoint ${file} is of another stream or dataset; ${startsAnew}`);
    }
    if (!isSame({ input: state.input }, { input: job.input })) {
      throw new ProduceError(
        `${label} is not what it was when its first ${state.acknowledged} records were sent; ${startsAnew}`,
      );
    }
  }
  const valid = isOfBefore ? null : state;
  return {
    file,
    acknowledged: valid?.acknowledged ?? 0,
    refused: valid?.refused ?? 0,
    doneAt: valid?.done ? valid.at : null,
    write: async (reached) =>
      writeState(file, { version: 1, ...job, ...reached, at: new Date().toISOString() }),
  };
};

const isSame = (one: Partial<Job>, other: Partial<Job>): boolean =>
  JSON.stringify([one.input, one.target]) === JSON.stringify([other.input, other.target]);

const readState = async (file: string): Promise<State | null> => {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    if (errnoOf(error) === 'ENOENT') return null;
    throw new ProduceError(`the checkpoint ${file} cannot be read: ${oneLine(error)}`);
  });
  if (text === null) return null;
  const state = stateOf(text);
  if (state === null) throw new ProduceError(`${file} is no checkpoint; name another file, or remove it`);
  return state;
};

const stateOf = (text: string): State | null => {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || Reflect.get(value, 'version') !== 1) return null;
    const acknowledged: unknown = Reflect.get(value, 'acknowledged');
    if (!Number.isSafeInteger(acknowledged) || Number(acknowledged) < 0) return null;
    return value as State; // of this version, and no other program writes here
  } catch {
    return null;
  }
};

const writeState = async (file: string, state: State): Promise<void> => {
  const scratch = `${file}.${process.pid}.tmp`;
  try {
    await mkdir(dirname(file), { recursive: true });
    const handle = await open(scratch, 'w');
    try {
      await handle.writeFile(`${JSON.stringify(state)}\n`);
      await handle.datasync();
    } finally {
      await handle.close();
    }
    await rename(scratch, file);
  } catch (error) {
    await rm(scratch, { force: true }).catch(() => {});
    throw new ProduceError(`the checkpoint ${file} cannot be written: ${oneLine(error)}`, EXIT.fault, error);
  }
};
