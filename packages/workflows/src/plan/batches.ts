import type { CsvRows } from './object-to-plan.ts';
import { serviceLimits } from './service-limits.ts';
import type { MapSettings } from './settings.ts';

/** The rows of a CSV object, cut into the inputs of child executions. */
export interface Batches {
  readonly itemsPerBatch: number;
  /** Which of the two settings ends a batch. */
  readonly cutBy: 'items' | 'bytes';
  readonly children: number;
  /** Of one child's input, with rows of mean width. */
  readonly payloadBytes: number;
}

/** As long as csv-map's own, with a run id and a dataset's name of the greatest lengths that they have. */
const batchInput = { runId: 'r'.repeat(80), dataset: 'd'.repeat(40), asOf: '2026-01-01T00:00:00.000Z' };

/** Of a batch without rows. */
const envelopeBytes = JSON.stringify({ BatchInput: batchInput, Items: [] }).length;

/** As JSON: `itemBytes` for each, and commas between them. */
const payloadOf = (items: number, itemBytes: number): number => envelopeBytes + items * (itemBytes + 1) - 1;

/** As many as fit; one at least, since Step Functions never leaves a row out. */
export const batchesOf = (
  { rows, meanItemBytes }: Pick<CsvRows, 'rows' | 'meanItemBytes'>,
  { maxItemsPerBatch, maxInputBytesPerBatch }: MapSettings,
): Batches => {
  const bytes = Math.min(maxInputBytesPerBatch, serviceLimits.payloadBytes.value);
  const fitting = Math.max(1, Math.floor((bytes - envelopeBytes + 1) / (meanItemBytes + 1)));
  const itemsPerBatch = Math.min(maxItemsPerBatch, fitting);
  return {
    itemsPerBatch,
    cutBy: fitting < maxItemsPerBatch ? 'bytes' : 'items',
    children: Math.ceil(rows / itemsPerBatch),
    payloadBytes: rows === 0 ? 0 : Math.ceil(payloadOf(Math.min(itemsPerBatch, rows), meanItemBytes)),
  };
};

/** Whether a row of this width fits into a batch of its own. */
export const fitsAlone = (itemBytes: number): boolean =>
  payloadOf(1, itemBytes) <= serviceLimits.payloadBytes.value;
