import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { scoreObject } from '@sluice/data-quality';
import { datasets } from '@sluice/datasets';
import type { ObjectStore } from '@sluice/lake-storage';
import { embeddedZones } from '@sluice/lake-storage/zones';
import { publishRun } from '@sluice/publish-run/publish-run';
import { rejectRun } from '@sluice/publish-run/reject-run';
import { type EngineLimits, type StatementProgress, stageObject } from '@sluice/record-transform';
import { readParquetFooter } from '@sluice/record-transform/reading';
import { scoreQuality } from '@sluice/score-quality/score-quality';
import {
  publishRunInput,
  rejectRunInput,
  scoreQualityInput,
  transformObjectInput,
  validateObjectInput,
} from '@sluice/step-contracts';
import { transformObject } from '@sluice/transform-object/transform-object';
import { validateObject } from '@sluice/validate-object/validate-object';
import { z } from 'zod';

/** The use cases that are Lambdas on AWS, by what they do; each takes the payload of its invocation. */
export interface Steps {
  readonly validateObject: (payload: unknown) => Promise<unknown>;
  readonly scoreQuality: (payload: unknown) => Promise<unknown>;
  readonly transformObject: (payload: unknown) => Promise<unknown>;
  readonly publishRun: (payload: unknown) => Promise<unknown>;
}

export interface StepParts {
  readonly store: ObjectStore;
  /** A folder for files that nobody keeps. */
  readonly scratchDir: string;
  readonly pseudonymKey: string | undefined;
  readonly onProgress: (progress: StatementProgress) => void;
}

// DuckDB spills what does not fit, so the size of a file does not matter; the rest of the process needs about as much.
const limits: EngineLimits = { memoryMb: 768, threads: Math.min(availableParallelism(), 8) };

const publishing = z.discriminatedUnion('action', [publishRunInput, rejectRunInput]);

/** The use cases of apps/, on folders instead of buckets. */
export const stepsOf = ({ store, scratchDir, pseudonymKey, onProgress }: StepParts): Steps => {
  const zone = { objects: store, bucket: embeddedZones.curated };
  const findDataset = (name: string) => datasets.get(name);
  const partitionsOf = (name: string) => datasets.get(name)?.partitions;
  const read = async (at: { bucket: string; key: string }, start: number, end?: number, ifMatch?: string) => {
    const range = end === undefined ? { start } : { start, end };
    const body = await store.read(at, { range, ...(ifMatch === undefined ? {} : { ifMatch }) });
    if (!body) throw new Error(`The object ${at.key} in bucket ${at.bucket} has vanished; run it again.`);
    return body;
  };
  const engines = {
    findDataset,
    objects: store,
    curatedBucket: zone.bucket,
    withScratchFolder: async <T>(work: (folder: string) => Promise<T>): Promise<T> => {
      const folder = await mkdtemp(join(scratchDir, 'step-'));
      try {
        return await work(folder);
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
  };
  const publishDeps = {
    zone,
    partitionsOf,
    countParquetRows: async ({ size, ...at }: { bucket: string; key: string; size: number }) =>
      (
        await readParquetFooter(size, async (start, end) => {
          const chunks: Uint8Array[] = [];
          for await (const chunk of await read(at, start, end)) chunks.push(chunk);
          return Buffer.concat(chunks);
        })
      ).rows,
    // The folders are the catalogue: `sluice query` reads the partitions from their names.
    addPartition: async () => undefined,
  };
  return {
    validateObject: (payload) =>
      validateObject(validateObjectInput.parse(payload), {
        findDataset,
        headObject: (object) => store.head(object),
        readObject: (object, etag) => (start, end) => read(object, start, end, etag),
        maxObjectBytes: Number.MAX_SAFE_INTEGER,
      }),
    scoreQuality: (payload) =>
      scoreQuality(scoreQualityInput.parse(payload), {
        ...engines,
        scoreObject: (request) => scoreObject({ ...request, limits, onProgress }),
      }),
    transformObject: (payload) =>
      transformObject(transformObjectInput.parse(payload), {
        ...engines,
        stageObject: ({ asOf, ...request }) =>
          stageObject({
            ...request,
            context: { asOf, ...(pseudonymKey === undefined ? {} : { pseudonymKey }) },
            limits,
            onProgress,
          }),
      }),
    publishRun: (payload) => {
      const input = publishing.parse(payload);
      return input.action === 'publish' ? publishRun(input, publishDeps) : rejectRun(input, publishDeps);
    },
  };
};
