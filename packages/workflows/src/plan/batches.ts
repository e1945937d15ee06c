import type { CsvMapSettings } from '../csv-map.ts';
import type { CsvRows } from './object-to-plan.ts';
import { serviceLimits } from './service-limits.ts';

/** The rows of a CSV object, cut into the inputs of child executions. */
export interface Batches {
  readonly itemsPerBatch: number;
  /** Which of the two settings ends a batch. */
  readonly cutBy: 'items' | 'bytes';
  readonly children: number;
  /** Of one child's input, with rows of mean width. */
  readonly payloadBytes: number;
}

/** As long as csv-map's own, of names that are rather long: S3 allows a key of 1,024 bytes. */
const batchInput = {
  runId: 'r'.repeat(80),
  dataset: 'd'.repeat(40),
  asOf: '2026-01-01T00:00:00.000Z',
  object: {
    bucket: 'b'.repeat(63),
    key: 'k'.repeat(256),
    versionId: 'v'.repeat(32),
    size: 10e9,
    etag: 'e'.repeat(36),
  },
};

/** Of a batch without rows. */
const envelopeBytes = JSON.stringify({ BatchInput: batchInput, Items: [] }).length;

/** What csv-map's ItemSelector makes of a row: its place beside its cells. */
const itemBytes = (cellsBytes: number, rows: number): number =>
  '{"row":,"cells":}'.length + String(Math.max(0, rows - 1)).length + cellsBytes;

/** Of a batch of so many items, with commas between them. */
const payloadOf = (items: number, itemBytes: number): number => envelopeBytes + items * (itemBytes + 1) - 1;

/** As many as fit; one at least, since Step Functions never leaves a row out. */
export const batchesOf = (
  { rows, meanItemBytes }: Pick<CsvRows, 'rows' | 'meanItemBytes'>,
  { maxItemsPerBatch, maxInputBytesPerBatch }: CsvMapSettings,
): Batches => {
  const bytes = Math.min(maxInputBytesPerBatch, serviceLimits.payloadBytes.value);
  const each = itemBytes(meanItemBytes, rows);
  const fitting = Math.max(1, Math.floor((bytes - envelopeBytes + 1) / (each + 1)));
  const itemsPerBatch = Math.min(maxItemsPerBatch, fitting);
  return {
    itemsPerBatch,
    cutBy: fitting < maxItemsPerBatch ? 'bytes' : 'items',
    children: Math.ceil(rows / itemsPerBatch),
    payloadBytes: rows === 0 ? 0 : Math.ceil(payloadOf(Math.min(itemsPerBatch, rows), each)),
  };
};

/** Whether a batch of one such row can be handed to a child. */
export const fitsAlone = (cellsBytes: number, rows: number): boolean =>
  payloadOf(1, itemBytes(cellsBytes, rows)) <= serviceLimits.payloadBytes.value;
