import { FATES, type Fate, type StripCell } from '../lake/map-run-record.ts';
import { count, plural } from '../terminal/figures.ts';
import { rowRange } from '../terminal/map-run-summary.ts';
import { filled, type Tone, visibleShares } from './bar.ts';
import { type Html, html, NOTHING } from './html.ts';

interface Look {
  readonly name: string;
  readonly tone: Tone;
  /** In its colour only: a pattern needs room. */
  readonly plain: boolean;
  /** The least share, in percent of a cell, with which it can be seen; more of what a person has to see. */
  readonly least: number;
}

export const LOOKS: Readonly<Record<Fate, Look>> = {
  accepted: { name: 'accepted', tone: 'accepted', plain: true, least: 8 },
  filtered: { name: 'filtered', tone: 'filtered', plain: true, least: 8 },
  quarantined: { name: 'quarantined', tone: 'quarantined', plain: true, least: 8 },
  notProcessed: { name: 'not processed', tone: 'unprocessed', plain: false, least: 40 },
  unfinished: { name: 'not finished', tone: 'unfinished', plain: false, least: 40 },
};

const cellTitle = (cell: StripCell): string => {
  const batches = cell.batches > 1 ? `${plural(cell.batches, 'batch', 'batches')}, ` : '';
  const fates = FATES.filter((fate) => cell[fate] > 0).map(
    (fate) => `${count(cell[fate])} ${LOOKS[fate].name}`,
  );
  return `${batches}${rowRange(cell)}: ${fates.join(', ')}`;
};

/** From the bottom in the order of the fates, each drawn over the one below from the top down to where it ends. */
const cellPicture = (cell: StripCell): Html => {
  const shares = visibleShares(
    FATES.map((fate) => cell[fate]),
    FATES.map((fate) => LOOKS[fate].least),
  );
  let left = 100;
  const layers = FATES.map((fate, at) => {
    const height = Math.round(left);
    left -= shares[at] ?? 0;
    const { tone, plain } = LOOKS[fate];
    return cell[fate] === 0 ? NOTHING : filled(tone, html` width="100%" height="${height}%"`, plain);
  });
  return html`<svg><title>${cellTitle(cell)}</title>${layers}</svg>`;
};

/** Batches in the order of their rows, over as many lines as it takes. It shows nothing that the text does not say. */
export const batchStrip = (cells: readonly StripCell[]): Html => {
  const failed = cells.filter(({ notProcessed }) => notProcessed > 0).length;
  const unfinished = cells.filter((cell) => cell.unfinished > 0).length;
  const label = [
    `${plural(cells.length, 'cell')} of neighbouring batches, in the order of the object`,
    failed === 0
      ? 'none with rows that were not processed'
      : `${count(failed)} with rows that were not processed`,
    ...(unfinished === 0 ? [] : [`${count(unfinished)} with rows that are not finished`]),
  ];
  return html`<div class="strip" role="img" aria-label="${label.join('; ')}">${cells.map(cellPicture)}</div>`;
};
