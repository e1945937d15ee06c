import { z } from 'zod';

/** Where an object is. */
export const objectLocation = z.object({ bucket: z.string().min(1), key: z.string().min(1) });
export type ObjectLocation = z.output<typeof objectLocation>;

/** One version of a raw object, as its arrival event names it. The key is plain text, not URL-encoded. */
export const arrivedObject = objectLocation.extend({
  versionId: z.string().min(1).exactOptional(),
  /** Bytes. */
  size: z.int().min(0),
  /** Without quotes. */
  etag: z.string().min(1),
});

/** The input of both state machines. Every step receives it, with the results of the steps before. */
export const runInput = z.object({
  /** Also the execution's name. */
  runId: z.string().regex(/^[A-Za-z0-9_-]{1,80}$/, 'a run id has 1 to 80 characters of A-Z a-z 0-9 - _'),
  dataset: z.string().regex(/^[a-z][a-z0-9_]*$/, 'a dataset is lower-case letters, digits and _'),
  /** The run's only clock: ISO 8601 in UTC, with `Z`. */
  asOf: z.iso.datetime(),
  object: arrivedObject,
});
export type RunInput = z.output<typeof runInput>;
