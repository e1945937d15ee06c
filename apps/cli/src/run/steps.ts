import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { collectMapRun } from '@sluice/collect-map-run/collect-map-run';
import { scoreObject } from '@sluice/data-quality';
import { datasets } from '@sluice/datasets';
import type { ObjectStore } from '@sluice/lake-storage';
import { embeddedZones } from '@sluice/lake-storage/zones';
import { type JudgeRows, keepJudge } from '@sluice/process-rows/keep-judge';
import { processRows } from '@sluice/process-rows/process-rows';
import { parquetRowCounter } from '@sluice/publish-run/parquet-row-counter';
import { publishRun } from '@sluice/publish-run/publish-run';
import { rejectRun } from '@sluice/publish-run/reject-run';
import { type FailedBatchLetter, recordFailedRows } from '@sluice/record-failed-rows/record-failed-rows';
import { type EngineLimits, type OpenObject, stageObject, valuesToParquet } from '@sluice/record-transform';
import { scoreQuality } from '@sluice/score-quality/score-quality';
import {
  collectMapRunInput,
  processRowsInput,
  publishRunInput,
  recordFailedRowsInput,
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
  readonly processRows: (payload: unknown) => Promise<unknown>;
  readonly recordFailedRows: (payload: unknown) => Promise<unknown>;
  readonly collectMapRun: (payload: unknown) => Promise<unknown>;
  readonly publishRun: (payload: unknown) => Promise<unknown>;
}

export interface StepParts {
  readonly store: ObjectStore;
  /** A folder for files that nobody keeps. */
  readonly scratchDir: string;
  readonly pseudonymKey: string | undefined;
  /** Takes batches of rows to their fates. Default: in this thread. */
  readonly judge?: JudgeRows;
  /** How the engines open the object: here they may share what was read of it. */
  readonly open: OpenObject;
  /** How far the current pass over the object, or over what was made of it, has come; between 0 and 1. */
  readonly onProgress: (fraction: number) => void;
  /** How many of the staged objects are cleared away, when all is done with them. */
  readonly onCleared?: (done: number, total: number) => void;
  /** What the dead-letter queue would get. */
  readonly onDeadLetter: (letter: FailedBatchLetter) => void;
}

const THREADS = Math.min(availableParallelism(), 8);
/** DuckDB spills what does not fit, so the size of a file does not matter; the rest of the process needs some 400 MB. */
export const duckdbLimits: EngineLimits = { memoryMb: Math.max(384, 128 * THREADS), threads: THREADS };
// It only turns rows that were accepted into Parquet, a file at a time, while those of the next are put together. Each
// of its threads would buffer 150 MB of their texts.
const writerLimits: EngineLimits = { memoryMb: 128, threads: 1 };

const publishing = z.discriminatedUnion('action', [publishRunInput, rejectRunInput]);

/** The use cases of apps/, on folders instead of buckets. */
export const stepsOf = (parts: StepParts): Steps => {
  const { store, scratchDir, pseudonymKey, open, onProgress, onCleared, onDeadLetter } = parts;
  const { judge = keepJudge(pseudonymKey) } = parts;
  const zone = { objects: store, bucket: embeddedZones.curated };
  const findDataset = (name: string) => datasets.get(name);
  const partitionsOf = (name: string) => datasets.get(name)?.partitions;
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
    zone: { ...zone, ...(onCleared && { onCleared }) },
    partitionsOf,
    hasTable: (name: string) => findDataset(name)?.target.format === 'delta',
    countParquetRows: parquetRowCounter(store),
    // The folders are the catalogue: `sluice query` reads the partitions from their names.
    addPartition: async () => undefined,
  };
  return {
    validateObject: (payload) =>
      validateObject(validateObjectInput.parse(payload), {
        findDataset,
        headObject: (object) => store.head(object),
        readObject: (object, etag) => async (start, end) => {
          const range = end === undefined ? { start } : { start, end };
          const body = await store.read(object, { range, ifMatch: etag });
          if (!body) throw new Error(`The object ${object.key} in bucket ${object.bucket} has vanished.`);
          return body;
        },
      }),
    scoreQuality: (payload) =>
      scoreQuality(scoreQualityInput.parse(payload), {
        ...engines,
        scoreObject: (request) =>
          scoreObject({
            ...request,
            limits: duckdbLimits,
            open,
            onProgress: ({ fraction }) => onProgress(fraction),
          }),
      }),
    transformObject: (payload) =>
      transformObject(transformObjectInput.parse(payload), {
        ...engines,
        stageObject: ({ asOf, ...request }) =>
          stageObject({
            ...request,
            context: { asOf, ...(pseudonymKey === undefined ? {} : { pseudonymKey }) },
            limits: duckdbLimits,
            open,
            onProgress: ({ fraction }) => onProgress(fraction),
          }),
      }),
    processRows: (payload) => processRows(processRowsInput.parse(payload), { ...engines, judge }),
    recordFailedRows: (payload) =>
      recordFailedRows(recordFailedRowsInput.parse(payload), {
        ...engines,
        sendLetter: async (letter) => onDeadLetter(letter),
      }),
    collectMapRun: (payload) =>
      collectMapRun(collectMapRunInput.parse(payload), {
        ...engines,
        pseudonymKey,
        valuesToParquet: (of, files) => valuesToParquet(of, files, writerLimits),
        onProgress,
      }),
    publishRun: (payload) => {
      const input = publishing.parse(payload);
      return input.action === 'publish' ? publishRun(input, publishDeps) : rejectRun(input, publishDeps);
    },
  };
};
