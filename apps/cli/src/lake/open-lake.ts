import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import type { ObjectAddress, ObjectStore } from '@sluice/lake-storage';
import { CliError, errnoOf, oneLine } from '../cli-error.ts';
import { EXIT } from '../exit-codes.ts';
import { quoted } from '../terminal/shell.ts';
import { DEFAULT_LAKE } from './default-lake.ts';

/** Raised when files of the lake move or change their meaning, so that an older sluice keeps its hands off. */
const LAYOUT_VERSION = 1;
const LAKE_FILE = 'lake.json';
/** What is not an object: temporary files, locks. lake-storage uses the same folder. */
const HIDDEN = '.sluice';

/** The embedded lake: a folder per zone, and `executions` beside them. */
export interface Lake {
  /** Absolute. */
  readonly root: string;
  readonly store: ObjectStore;
  /** Where an object's file is, as the user would write it: relative to the current folder if it lies below. */
  readonly shown: (at: ObjectAddress) => string;
  readonly hidden: string;
  /** ` --lake DIR`, to be put behind a command line that is to work on this lake; nothing for the default one. */
  readonly option: string;
}

const lakeIn = async (root: string, folder: string): Promise<Lake> => {
  const { diskStore } = await import('@sluice/lake-storage/disk');
  return {
    root,
    store: diskStore(root),
    shown: ({ bucket, key }) => shownPath(join(root, bucket, key)),
    hidden: join(root, HIDDEN),
    option: folder === DEFAULT_LAKE ? '' : ` --lake ${quoted(folder)}`,
  };
};

export const shownPath = (path: string): string => {
  const near = relative('', path);
  return near.startsWith('..') ? path : near || '.';
};

/** Opens a lake that is there. */
export const openLake = async (folder: string): Promise<Lake> => {
  const root = await existing(folder);
  if (root === null || !(await checkLayout(root))) {
    throw new CliError(`there is no lake in ${folder}; make one with: sluice demo --lake ${folder}`);
  }
  return lakeIn(root, folder);
};

/** Opens a lake, or makes one in a folder that is empty or not there yet. */
export const openOrCreateLake = async (folder: string): Promise<Lake> => {
  const root = (await existing(folder)) ?? (await makeFolder(folder));
  if (!(await checkLayout(root))) await create(root, folder);
  return lakeIn(root, folder);
};

const existing = async (folder: string): Promise<string | null> => {
  try {
    // A symbolic link to the lake is fine, links inside of it are not.
    return await realpath(folder);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null;
    throw lakeError(folder, error);
  }
};

const makeFolder = async (folder: string): Promise<string> => {
  try {
    await mkdir(folder, { recursive: true });
    return await realpath(folder);
  } catch (error) {
    throw lakeError(folder, error);
  }
};

/** False if there is no lake. Throws if there is one that this program does not understand. */
const checkLayout = async (root: string): Promise<boolean> => {
  const path = join(root, LAKE_FILE);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw lakeError(root, error);
  }
  const version = layoutVersion(text);
  if (version === null) {
    throw new CliError(
      `${shownPath(path)} is damaged; put back {"layoutVersion":${LAYOUT_VERSION}}`,
      EXIT.fault,
    );
  }
  if (version > LAYOUT_VERSION) {
    throw new CliError(
      `the lake in ${shownPath(root)} has layout ${version}, this sluice knows up to ${LAYOUT_VERSION}; use a newer sluice, or another --lake`,
      EXIT.fault,
    );
  }
  return true;
};

const layoutVersion = (text: string): number | null => {
  try {
    const parsed: unknown = JSON.parse(text);
    const version =
      typeof parsed === 'object' && parsed !== null ? Reflect.get(parsed, 'layoutVersion') : null;
    return Number.isSafeInteger(version) && version > 0 ? version : null;
  } catch {
    return null;
  }
};

const create = async (root: string, folder: string): Promise<void> => {
  try {
    const others = (await readdir(root)).filter((name) => name !== HIDDEN);
    if (others.length > 0) {
      throw new CliError(
        `${folder} is not empty and not a lake (it holds ${JSON.stringify(others[0])}); give --lake an empty or a new folder`,
      );
    }
    await mkdir(join(root, HIDDEN), { recursive: true });
    const temporary = join(root, HIDDEN, `${LAKE_FILE}.${randomUUID()}`);
    try {
      await writeFile(temporary, `${JSON.stringify({ layoutVersion: LAYOUT_VERSION })}\n`);
      await rename(temporary, join(root, LAKE_FILE));
    } finally {
      await rm(temporary, { force: true });
    }
  } catch (error) {
    // Another process was faster.
    if (error instanceof CliError && (await checkLayout(root))) return;
    throw error instanceof CliError ? error : lakeError(folder, error);
  }
};

const lakeError = (folder: string, error: unknown): CliError => {
  const path = shownPath(resolve(folder));
  switch (errnoOf(error)) {
    case 'ENOTDIR':
    case 'EEXIST':
      return new CliError(
        `${path} is a file, and a lake is a folder; give --lake another one`,
        EXIT.usage,
        error,
      );
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new CliError(
        `no permission for the lake's folder ${path} (${errnoOf(error)}); get the right to read and write there, or give --lake another one`,
        EXIT.fault,
        error,
      );
    case 'ENOSPC':
    case 'EDQUOT':
      return new CliError(
        `no space left for the lake in ${path}; free some, or give --lake another folder`,
        EXIT.fault,
        error,
      );
    default:
      return new CliError(
        `the lake's folder ${path} cannot be used (${oneLine(error)}); give --lake another one`,
        EXIT.fault,
        error,
      );
  }
};
