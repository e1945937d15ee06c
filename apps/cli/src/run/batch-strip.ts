import { FATES, type StripCell } from '../lake/map-run-record.ts';

/** Enough to see one bad batch among its neighbours, few enough for a page and a record. */
const MAX_CELLS = 480;

/**
 * Batches of a Map Run as a strip of at most `maxCells` cells. Where `itemCount` rows have no batch, none has finished.
 *
 * @param batches cells of one batch each, in the order of their rows, which do not overlap
 * @param usualRows as many rows as an unfinished batch is taken to have
 */
export const stripOf = (
  batches: readonly StripCell[],
  itemCount: number,
  usualRows: number,
  maxCells = MAX_CELLS,
): StripCell[] => {
  const pieces: StripCell[] = [];
  let place = 0;
  const fillUpTo = (end: number): void => {
    // However small a batch is taken to be, a gap is not worth more cells than the whole strip.
    const step = Math.max(1, usualRows, Math.ceil((end - place) / maxCells));
    for (; place < end; place += step) pieces.push(unfinishedCell(place, Math.min(step, end - place)));
    place = end;
  };
  for (const batch of batches) {
    if (batch.first > place) fillUpTo(batch.first);
    pieces.push(batch);
    place = batch.first + batch.rows;
  }
  if (itemCount > place) fillUpTo(itemCount);
  if (pieces.length <= maxCells) return pieces;
  const border = (cell: number): number => Math.floor((cell * pieces.length) / maxCells);
  return Array.from({ length: maxCells }, (_, cell) => joined(pieces.slice(border(cell), border(cell + 1))));
};

export const emptyCell = (first: number, rows: number): StripCell => ({
  first,
  rows,
  batches: 0,
  accepted: 0,
  filtered: 0,
  quarantined: 0,
  notProcessed: 0,
  unfinished: 0,
});

const unfinishedCell = (first: number, rows: number): StripCell => ({
  ...emptyCell(first, rows),
  unfinished: rows,
});

/** Neighbours as one. */
export const joined = (cells: readonly StripCell[]): StripCell => {
  const sum = emptyCell(cells[0]?.first ?? 0, 0);
  for (const cell of cells)
    for (const figure of ['rows', 'batches', ...FATES] as const) sum[figure] += cell[figure];
  return sum;
};
