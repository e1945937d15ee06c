import { type ObjectAddress, type ObjectStore, readJson } from '@sluice/lake-storage';
import { handledBatch, processRowsInput } from '@sluice/step-contracts';
import { z } from 'zod';
import { linesOf } from './scratch-files.ts';

/** Rows are missing that a batch should have left: nothing is published. Redriving the run may bring them. */
export class MapRunIncomplete extends Error {
  // Step Functions and alarms match this name, which a minifier must not change.
  override readonly name = 'MapRunIncomplete';
}

/** A batch of the Map Run: the places of its rows among those that the reader gave, from 0. */
export interface Batch {
  readonly first: number;
  readonly rows: number;
}

/** A batch whose child failed, within what is tolerated. */
export interface FailedChild extends Batch {
  readonly items: readonly Readonly<Record<string, string>>[];
  readonly error: string;
}

// https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultwriter.html
const resultFile = z.object({ Key: z.string().min(1) });
const mapRunManifest = z.object({
  DestinationBucket: z.string().min(1),
  MapRunArn: z.string(),
  ResultFiles: z.object({
    FAILED: z.array(resultFile),
    PENDING: z.array(resultFile),
    SUCCEEDED: z.array(resultFile),
  }),
});

/** With COMPACT a child that succeeded is its output; one that failed is told of in full. */
const succeeded = z.object({ result: handledBatch });
const failed = z.object({ Input: z.string(), Status: z.string(), Error: z.string().optional() });
const failedInput = z.object({ Items: processRowsInput.shape.items });

const parsed = <T>(schema: z.ZodType<T>, text: string, what: string): T => {
  const json = ((): unknown => {
    try {
      return JSON.parse(text);
    } catch {
      return undefined;
    }
  })();
  const result = schema.safeParse(json);
  // Not Zod's own words: they may hold what was read.
  if (!result.success) throw new MapRunIncomplete(`${what} is not what this version of csv-map writes.`);
  return result.data;
};

/**
 * Reads all that the Map's ResultWriter left, as a stream.
 *
 * @throws {MapRunIncomplete} if a file is gone, or a batch was never started
 */
export const readMapResults = async (
  objects: ObjectStore,
  at: ObjectAddress,
  onFailed: (child: FailedChild) => Promise<void>,
): Promise<readonly Batch[]> => {
  const read = async (address: ObjectAddress): Promise<AsyncIterable<Uint8Array>> => {
    const body = await objects.read(address);
    if (!body) throw new MapRunIncomplete(`The Map Run's file ${address.key} is not there.`);
    return body;
  };
  const manifest = mapRunManifest.safeParse(await readJson(objects, at));
  if (!manifest.success)
    throw new MapRunIncomplete(`The Map Run's manifest ${at.key} is not there, or is none.`);
  const { DestinationBucket: bucket, ResultFiles } = manifest.data;
  if (ResultFiles.PENDING.length > 0)
    throw new MapRunIncomplete('Some batches of the Map Run were never started.');
  const batches: Batch[] = [];
  for (const { Key: key } of ResultFiles.SUCCEEDED) {
    for await (const line of linesOf(await read({ bucket, key }))) {
      const { first, rows } = parsed(succeeded, line.toString('utf8'), `A result in ${key}`).result;
      batches.push({ first, rows });
    }
  }
  for (const { Key: key } of ResultFiles.FAILED) {
    for await (const line of linesOf(await read({ bucket, key }))) {
      const child = parsed(failed, line.toString('utf8'), `A result in ${key}`);
      const { Items } = parsed(failedInput, child.Input, `An input in ${key}`);
      const batch = { first: Items[0].row, rows: Items.length };
      await onFailed({
        ...batch,
        items: Items.map(({ cells }) => cells),
        error: child.Error ?? child.Status,
      });
      batches.push(batch);
    }
  }
  return batches.sort((a, b) => a.first - b.first);
};
