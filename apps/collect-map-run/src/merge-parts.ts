import { createReadStream } from 'node:fs';
import type { Dataset } from '@sluice/record-schema';
import type { Reason } from '@sluice/record-transform';
import { decodePart, FATE, HASH_BYTES, originOf, type StoredPart } from '@sluice/record-transform/batches';
import type { RowCounts } from '@sluice/step-contracts';
import type { AcceptedFiles } from './accepted-files.ts';
import type { Bits } from './bits.ts';
import { Figures } from './figures.ts';
import { loadedAhead } from './loaded-ahead.ts';
import { type Batch, MapRunIncomplete } from './map-results.ts';
import { type OwnFate, ownJudgement } from './own-judgement.ts';
import type { RawRows } from './raw-rows.ts';
import { itemsOf, ReaderDisagreement } from './reader-items.ts';
import { ReasonCounts } from './reason-counts.ts';
import { linesOf, ScratchReader, type ScratchWriter } from './scratch-files.ts';

/** Parts were made by different versions of the dataset, or for another `asOf`: the run has to start anew. */
class MixedParts extends Error {
  override readonly name = 'MixedParts';
}

export interface Merge {
  readonly dataset: Dataset;
  readonly asOf: string;
  /** Only datasets that use `pseudonym` need one. */
  readonly pseudonymKey?: string | undefined;
  readonly raw: RawRows;
  readonly isDuplicate: Bits;
  /** In the order of their rows. */
  readonly batches: readonly Batch[];
  /** Null: there is no such part. */
  readonly readPart: (batch: Batch) => Promise<Uint8Array | null>;
  readonly accepted: AcceptedFiles;
  /** Gets the quarantined rows, one a line. */
  readonly quarantine: ScratchWriter;
}

export interface Merged {
  readonly filtered: RowCounts['filtered'];
  readonly quarantined: number;
  readonly reasons: RowCounts['reasons'];
  readonly figures: Figures;
}

const sameBytes = (a: Uint8Array, aFrom: number, b: Uint8Array, bFrom: number): boolean => {
  for (let at = 0; at < HASH_BYTES; at += 1) if (a[aFrom + at] !== b[bFrom + at]) return false;
  return true;
};

const LINE_FEED = 10;
const afterLine = (lines: Buffer, from: number): number => lines.indexOf(LINE_FEED, from) + 1;

const reasonsOf = (line: string): readonly Reason[] => {
  const { reasons }: { readonly reasons: readonly Reason[] } = JSON.parse(line); // a line of our own
  return reasons;
};

/**
 * Goes through the rows of the object and those of the parts side by side. Proves for each that what was judged is what
 * the object has, and gives it its final fate: a row that cannot be read goes to quarantine, whatever the part says of
 * it, since the reader has padded or cut it. A row of which the reader has taken a backslash for an escape is judged anew.
 *
 * @throws {MapRunIncomplete} {ReaderDisagreement} {MixedParts} {BrokenPart}
 */
export const mergeParts = async (merge: Merge): Promise<Merged> => {
  const { dataset, asOf, raw, isDuplicate, batches, accepted, quarantine } = merge;
  const origin = originOf(dataset, asOf);
  const hasBlankItems = itemsOf(batches, raw) > raw.rows;
  const figures = new Figures(dataset);
  const reasons = new ReasonCounts();
  const filtered = new Array<number>(dataset.rules.length).fill(0);
  let quarantined = 0;
  let row = 0;
  let line = 0;

  const hashes = await ScratchReader.open(raw.hashFile);
  const malformedFile = createReadStream(raw.malformedFile);
  const malformed = linesOf(malformedFile);
  const ours = ownJudgement(dataset, merge, raw.backslashFile);

  const quarantineMalformed = async (): Promise<void> => {
    const { value: text } = await malformed.next();
    if (!text) throw new Error('a malformed row is not where it was written');
    quarantine.bytes(text);
    quarantine.text('\n');
    await quarantine.flushIfFull();
    quarantined += 1;
    reasons.add(reasonsOf(text.toString('utf8')));
  };

  /** A line of the quarantine file behind the row's number. */
  const quarantineRow = (body: string): void => {
    quarantine.text(`{"row":${row},${body}\n`);
    quarantined += 1;
    reasons.add(reasonsOf(`{${body}`));
  };

  const filterRow = (rule: number): void => {
    filtered[rule] = (filtered[rule] ?? 0) + 1;
  };

  const judgeAnew = async (error: string | null): Promise<OwnFate> => {
    const own = await ours.fateOf(row, error);
    if (own) return own;
    const isLeftOut = raw.hasMoreBackslashes
      ? ' It has too many rows with a backslash to judge them all anew.'
      : '';
    throw new ReaderDisagreement(
      `Row ${row + 1} is not in the object what the Map Run's reader took for it.${isLeftOut} etl can take the object.`,
    );
  };

  const stageAnew = async (own: OwnFate): Promise<void> => {
    if (own.fate === FATE.accepted) await accepted.add(Buffer.from(`${own.values}\n`), 1);
    else if (own.fate === FATE.filtered) filterRow(own.rule);
    else quarantineRow(own.body);
  };

  /** Whether an item is no row but a line without a character. Passes such lines. */
  const isBlankItem = (own: Uint8Array, at: number): boolean => {
    while (raw.isBlankLine.has(line)) {
      line += 1;
      if (hasBlankItems && sameBytes(own, at, raw.blankHash, 0)) return true;
    }
    return false;
  };

  const mergePart = async ({ header, accepted: values, quarantined: bodies }: StoredPart): Promise<void> => {
    const own = Buffer.from(header.hashes, 'base64');
    const theirs = await hashes.peek(own.length);
    const isProven = own.equals(theirs);
    const firstRow = row;
    const marks = new Array<number>(header.marks.kinds.length).fill(0);
    let valuesTo = 0;
    let keptFrom = 0;
    let kept = 0;
    let bodiesTo = 0;
    let rules = 0;
    for (let item = 0; item < header.rows; item += 1) {
      const fate = header.fates[item];
      const [value, body] = [valuesTo, bodiesTo];
      if (fate === FATE.accepted) valuesTo = afterLine(values, value);
      else if (fate === FATE.quarantined) bodiesTo = afterLine(bodies, body);
      else rules += 1;

      let isKept = false;
      let anew: OwnFate | null = null;
      if (!isBlankItem(own, item * HASH_BYTES)) {
        const isReadable = !raw.isMalformed.has(row);
        if (!isReadable) await quarantineMalformed();
        else if (!isProven && !sameBytes(own, item * HASH_BYTES, theirs, (row - firstRow) * HASH_BYTES))
          anew = await judgeAnew(header.error);
        if (isReadable) {
          const kind = header.marks.of[item] ?? 0;
          if (anew) figures.add(anew.marks, 1);
          else marks[kind] = (marks[kind] ?? 0) + 1;
          isKept = !isDuplicate.has(row);
        }
        row += 1;
        line += 1;
      }

      if (anew || (fate === FATE.accepted && !isKept)) {
        await accepted.add(values.subarray(keptFrom, value), kept);
        keptFrom = valuesTo;
        kept = 0;
        if (anew && isKept) await stageAnew(anew);
      } else if (fate === FATE.accepted) kept += 1;
      else if (isKept && fate === FATE.quarantined)
        quarantineRow(bodies.toString('utf8', body, bodiesTo - 1));
      else if (isKept) filterRow(header.rules[rules - 1] ?? -1);
    }
    await accepted.add(values.subarray(keptFrom, valuesTo), kept);
    await quarantine.flushIfFull();
    hashes.skip((row - firstRow) * HASH_BYTES);
    for (const [kind, rows] of marks.entries()) figures.add(header.marks.kinds[kind] ?? [], rows);
  };

  const load = async (batch: Batch): Promise<StoredPart> => {
    const bytes = await merge.readPart(batch);
    const rows = `rows ${batch.first + 1} to ${batch.first + batch.rows}`;
    if (!bytes) throw new MapRunIncomplete(`The part with ${rows} is not in staging.`);
    const part = decodePart(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
    if (part.header.first !== batch.first || part.header.rows !== batch.rows)
      throw new MapRunIncomplete(`The part with ${rows} holds others.`);
    if (part.header.origin !== origin)
      throw new MixedParts(
        `The part with ${rows} was made by another version of the dataset, or for another time. Start the run anew.`,
      );
    return part;
  };

  try {
    for await (const part of loadedAhead(batches, load)) await mergePart(part);
  } finally {
    await hashes.close();
    malformedFile.destroy();
    ours.close();
  }
  if (row !== raw.rows)
    throw new ReaderDisagreement(
      `The object has ${raw.rows} rows, the Map Run's reader gave ${row}. etl can take the object.`,
    );
  return {
    filtered: dataset.rules.flatMap(({ name }, at) => {
      const rows = filtered[at] ?? 0;
      return rows > 0 ? [{ rule: name, rows }] : [];
    }),
    quarantined,
    reasons: reasons.list(),
    figures,
  };
};
