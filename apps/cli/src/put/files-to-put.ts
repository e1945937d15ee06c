import { createReadStream } from 'node:fs';
import { embeddedZones, incomingKey } from '@sluice/lake-storage/zones';
import type { Dataset } from '@sluice/record-schema';
import { validateObject } from '@sluice/validate-object/validate-object';
import { CliError } from '../cli-error.ts';
import { EXIT } from '../exit-codes.ts';
import { checkSource, type LocalSource } from '../lake/land-file.ts';

export interface PutRequest {
  readonly paths: readonly string[];
  readonly dataset: Dataset;
  /** In the raw zone, instead of the file's own; for one file only. */
  readonly name: string | undefined;
}

/**
 * The files, each under its name in the raw zone. All of them are looked at by the gate of the state machines, so that
 * nothing is put that would be refused at once, and either all are put or none.
 *
 * @throws {CliError} if one cannot be read, would be refused, or would take another's place
 */
export const filesToPut = async (request: PutRequest): Promise<readonly LocalSource[]> => {
  const { paths, name } = request;
  if (name !== undefined) checkName(name, paths.length);
  const sources: LocalSource[] = [];
  const byName = new Map<string, string>();
  for (const path of paths) {
    const found = await checkSource(path);
    const source = { ...found, name: name ?? found.name };
    const other = byName.get(source.name);
    if (other !== undefined) {
      throw new CliError(
        `${other} and ${path} would both be ${source.name}; put them one by one, with --name`,
      );
    }
    byName.set(source.name, path);
    sources.push(source);
  }
  for (const source of sources) await checkAtGate(source, request.dataset);
  return sources;
};

const checkName = (name: string, files: number): void => {
  if (files > 1) throw new CliError('--name is for one file; put them one by one');
  if (name === '' || name.includes('/'))
    throw new CliError(`--name ${JSON.stringify(name)} is no name of an object: it has no folders`);
};

/** As validate-object will look at it. */
const checkAtGate = async ({ path, name, size }: LocalSource, dataset: Dataset): Promise<void> => {
  const key = incomingKey(dataset.name, name);
  // No other file is in question, so any etag does.
  const object = { bucket: embeddedZones.raw, key, size, etag: 'local' };
  const answer = await validateObject(
    { runId: 'none', dataset: dataset.name, asOf: '1970-01-01T00:00:00Z', object },
    {
      findDataset: () => dataset,
      headObject: async () => object,
      readObject: () => async (start, end) =>
        createReadStream(path, { start, end: end === undefined ? Number.POSITIVE_INFINITY : end - 1 }),
    },
  );
  if (!answer.valid) throw new CliError(`a run would refuse ${path}: ${answer.message}`, EXIT.refused);
};
