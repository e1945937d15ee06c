import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { access, constants, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { ObjectHead } from '@sluice/lake-storage';
import { embeddedZones, incomingKey } from '@sluice/lake-storage/zones';
import type { RunInput } from '@sluice/step-contracts';
import { CliError, errnoOf, oneLine } from '../cli-error.ts';
import { EXIT } from '../exit-codes.ts';
import type { Lake } from './open-lake.ts';

export interface LocalSource {
  readonly path: string;
  /** Its name in the raw zone. */
  readonly name: string;
  /** Bytes. */
  readonly size: number;
}

export interface LandedObject {
  /** Its etag tells versions of the same name apart. */
  readonly object: RunInput['object'];
  /** When these bytes arrived: the file's modification time in the raw zone, as S3's LastModified. */
  readonly landedAt: Date;
  /** False if the same bytes were there already. */
  readonly written: boolean;
}

/** A file that can be read, or one clear line. */
export const checkSource = async (path: string): Promise<LocalSource> => {
  try {
    const stats = await stat(path);
    if (stats.isDirectory()) throw new CliError(`${path} is a directory; give a file in it`);
    if (!stats.isFile()) throw new CliError(`${path} is no ordinary file; save what it gives to one first`);
    await access(path, constants.R_OK);
    return { path, name: basename(path), size: stats.size };
  } catch (error) {
    throw error instanceof CliError ? error : sourceError(path, error);
  }
};

const sourceError = (path: string, error: unknown): CliError => {
  switch (errnoOf(error)) {
    case 'ENOENT':
    case 'ENOTDIR':
      return new CliError(`no such file: ${path}; check the path`, EXIT.usage, error);
    case 'EACCES':
    case 'EPERM':
      return new CliError(`no permission to read ${path}; get the right to, or copy it`, EXIT.usage, error);
    default:
      return new CliError(`${path} cannot be read (${oneLine(error)}); check the disk`, EXIT.fault, error);
  }
};

/**
 * The file's bytes, and how many there were so far.
 *
 * @throws {CliError} if it cannot be read, or has another length than it had: somebody writes it
 */
export async function* chunksOf(
  source: LocalSource,
  signal: AbortSignal,
  onBytes: (soFar: number) => void,
): AsyncGenerator<Uint8Array> {
  let soFar = 0;
  try {
    for await (const chunk of createReadStream(source.path, { highWaterMark: 1024 * 1024, signal })) {
      yield chunk;
      soFar += chunk.length;
      onBytes(soFar);
    }
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw errnoOf(error) === undefined ? error : sourceError(source.path, error);
  }
  if (soFar !== source.size) {
    throw new CliError(
      `${source.path} was written while it was read (${source.size} bytes before, ${soFar} now); wait until it is complete`,
      EXIT.fault,
    );
  }
}

/** Whether an object of the embedded lake has the file's very bytes: its etag is their hash. */
export const hasBytesOf = async (
  { size, etag }: Pick<ObjectHead, 'size' | 'etag'>,
  source: LocalSource,
  signal: AbortSignal,
  onBytes: (soFar: number) => void,
): Promise<boolean> => {
  if (size !== source.size) return false;
  const hash = createHash('md5');
  for await (const chunk of chunksOf(source, signal, onBytes)) hash.update(chunk);
  return hash.digest('hex') === etag;
};

/**
 * Puts the file into the raw zone as `incoming/<dataset>/<name>`, as an upload to S3 would. The same bytes under the
 * same name are left alone, so that they keep the time at which they came; other bytes replace them, as a new version
 * with an etag of its own.
 */
export const landFile = async (
  lake: Lake,
  dataset: string,
  source: LocalSource,
  signal: AbortSignal,
  onBytes: (soFar: number) => void,
): Promise<LandedObject> => {
  const at = { bucket: embeddedZones.raw, key: incomingKey(dataset, source.name) };
  const there = await lake.store.head(at);
  if (there && (await hasBytesOf(there, source, signal, onBytes))) {
    return {
      object: { ...at, size: there.size, etag: there.etag },
      landedAt: there.lastModified,
      written: false,
    };
  }
  await lake.store.put(at, chunksOf(source, signal, onBytes));
  const landed = await lake.store.head(at);
  if (!landed) {
    throw new CliError(`${lake.shown(at)} has vanished right after it was written; run again`, EXIT.fault);
  }
  return {
    object: { ...at, size: landed.size, etag: landed.etag },
    landedAt: landed.lastModified,
    written: true,
  };
};
