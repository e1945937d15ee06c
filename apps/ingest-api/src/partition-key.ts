import { createHash } from 'node:crypto';
import type { Dataset } from '@sluice/record-schema';

/** Characters, all of them ASCII. */
export const PARTITION_KEY_LENGTH = 32;

/**
 * Sends copies of one record to one shard. A hash: keys may be personal data, and partition keys are shown in places where
 * records are not. Of a dataset without a key, or a record that lacks a part of it, all of the record stands for it.
 */
export const partitionKeyOf = (
  dataset: Dataset,
  record: object,
  sources: ReadonlyMap<string, string>,
  line: string,
): string => {
  const values = new Map<string, unknown>(Object.entries(record));
  const key = dataset.key?.map((name) => {
    const from = dataset.fields.find((field) => field.name === name)?.from ?? name;
    const value = values.get(from);
    return value === null || typeof value === 'string' ? value : (sources.get(from) ?? null);
  });
  const parts = key && !key.includes(null) ? key : [line];
  return createHash('sha256')
    .update(JSON.stringify([dataset.name, ...parts]))
    .digest('hex')
    .slice(0, PARTITION_KEY_LENGTH);
};
