import { Buffer } from 'node:buffer';
import type { Dataset } from '@sluice/record-schema';
import { NOT_PROCESSED, type Reason, type RowFate, type RunContext } from '../outcome.ts';
import { compileProfiledRow, markWords } from '../typescript/compile-row.ts';
import { FATE, originOf, type Part } from './part.ts';
import { HASH_BYTES, hashOfText, rowText } from './row-hash.ts';

/** Rows as Step Functions' reader of CSV hands them on, neighbours in their object. */
export interface BatchOfRows {
  /** The place of the first row among those that the reader gave, from 0. */
  readonly first: number;
  /** By the names of the header. */
  readonly rows: readonly Readonly<Record<string, string>>[];
}

/** Where in an item each field's cell is; null: the object has no such column. */
const keysOf = (dataset: Dataset, item: Readonly<Record<string, string>>): (string | null)[] => {
  const names = Object.keys(item);
  const [first = ''] = names;
  // A byte order mark is no part of the first name.
  const bare = first.startsWith('\ufeff') ? first.slice(1) : null;
  return dataset.fields.map(({ from }) => (Object.hasOwn(item, from) ? from : from === bare ? first : null));
};

const cellsOf = (
  item: Readonly<Record<string, string>>,
  keys: readonly (string | null)[],
  into: (string | null)[],
): void => {
  for (let at = 0; at < into.length; at += 1) {
    const key = keys[at];
    into[at] = key === null || key === undefined ? null : (item[key] ?? '');
  }
};

const quarantineLine = (
  dataset: Dataset,
  cells: readonly (string | null)[],
  reasons: readonly Reason[],
  error: string | null,
): string => {
  const record = Object.fromEntries(dataset.fields.map(({ from }, at) => [from, cells[at] ?? null]));
  const line = { reasons, record, raw: null, ...(error !== null && { error }) };
  return JSON.stringify(line).slice(1);
};

const notProcessed: readonly Reason[] = [{ field: null, code: NOT_PROCESSED }];

/** Marks of rows as an index into the different ones there are. */
const collectMarks = () => {
  const known = new Map<string, number>();
  const kinds: number[][] = [];
  const of: number[] = [];
  const isLast = (marks: Int32Array): boolean => {
    const last = kinds[of.at(-1) ?? -1];
    if (!last) return false;
    for (let word = 0; word < marks.length; word += 1) if (marks[word] !== last[word]) return false;
    return true;
  };
  return {
    add(marks: Int32Array): void {
      // Most rows are like their neighbours.
      if (isLast(marks)) {
        of.push(of.at(-1) ?? 0);
        return;
      }
      const key = marks.join();
      let kind = known.get(key);
      if (kind === undefined) {
        kind = kinds.length;
        known.set(key, kind);
        kinds.push([...marks]);
      }
      of.push(kind);
    },
    kinds,
    of,
  };
};

const buildPart = (
  dataset: Dataset,
  origin: string,
  batch: BatchOfRows,
  error: string | null,
  fateOf: (cells: readonly (string | null)[], marks: Int32Array) => RowFate,
): Part => {
  const text = rowText(dataset);
  const ruleAt = new Map(dataset.rules.map(({ name }, at) => [name, at]));
  const keys = keysOf(dataset, batch.rows[0] ?? {});
  const cells = new Array<string | null>(dataset.fields.length).fill(null);
  const rowMarks = new Int32Array(markWords(dataset));
  const hashes = Buffer.allocUnsafe(batch.rows.length * HASH_BYTES);
  const marks = collectMarks();
  const rules: number[] = [];
  const accepted: string[] = [];
  const quarantined: string[] = [];
  let fates = '';
  for (const [at, item] of batch.rows.entries()) {
    cellsOf(item, keys, cells);
    hashes.write(hashOfText(text(cells)), at * HASH_BYTES, 'latin1');
    let outcome: RowFate;
    let poison: string | null = error;
    try {
      outcome = fateOf(cells, rowMarks);
    } catch (cause) {
      // No cell should be able to do this; if one is, it costs its row and not the batch.
      poison = cause instanceof Error ? cause.name : 'Error';
      outcome = { fate: 'quarantined', reasons: notProcessed };
      rowMarks.fill(0);
    }
    marks.add(rowMarks);
    switch (outcome.fate) {
      case 'accepted':
        fates += FATE.accepted;
        accepted.push(JSON.stringify(outcome.values));
        break;
      case 'filtered':
        fates += FATE.filtered;
        rules.push(ruleAt.get(outcome.rule) ?? -1);
        break;
      case 'quarantined':
        fates += FATE.quarantined;
        quarantined.push(quarantineLine(dataset, cells, outcome.reasons, poison));
        break;
      case 'duplicate':
        throw new Error('a row by itself is no duplicate');
    }
  }
  return {
    header: {
      origin,
      first: batch.first,
      rows: batch.rows.length,
      error,
      fates,
      rules,
      marks: { kinds: marks.kinds, of: marks.of },
      hashes: hashes.toString('base64'),
    },
    accepted,
    quarantined,
  };
};

/** Takes the rows of a batch to their fates. */
export type JudgeBatch = (batch: BatchOfRows) => Part;

/**
 * Compiled for a dataset and a run, so keep it for the batches of that run. `asOf` as in the run's input.
 *
 * Throws an `Error` if the dataset uses `pseudonym` and there is no key.
 */
export const createBatchJudge = (dataset: Dataset, asOf: string, pseudonymKey?: string): JudgeBatch => {
  const context: RunContext = {
    asOf: Date.parse(asOf),
    ...(pseudonymKey !== undefined && { pseudonymKey }),
  };
  const rowFate = compileProfiledRow(dataset, context);
  const origin = originOf(dataset, asOf);
  return (batch) => buildPart(dataset, origin, batch, null, rowFate);
};

/** A batch that nobody could process: all its rows go to quarantine, with the name of the error. */
export const failedBatch = (dataset: Dataset, asOf: string, batch: BatchOfRows, error: string): Part =>
  buildPart(dataset, originOf(dataset, asOf), batch, error, () => ({
    fate: 'quarantined',
    reasons: notProcessed,
  }));
