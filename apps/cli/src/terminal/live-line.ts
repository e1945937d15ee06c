import type { Terminal } from './terminal.ts';

/** Says what is going on now. The parts are asked for only when they are shown. */
export interface LiveLine {
  readonly show: (parts: () => readonly string[]) => void;
  /** Removes the line, so that something lasting can be written in its place. */
  readonly clear: () => void;
}

/** How often a line is rewritten that somebody watches. */
export const LIVE_EVERY_MS = 100;
const PLAIN_EVERY_MS = 5000;
const CLEAR_LINE = '\r\u001b[2K';
const MARGIN = '  ';
const GAP = '  ';

/** One line that is rewritten on a terminal; elsewhere, a line every few seconds. */
export const liveLine = ({ err, live, width, paint }: Terminal, now: () => number): LiveLine => {
  let shownAt = live ? 0 : now();
  let isShown = false;
  return {
    show: (parts) => {
      const at = now();
      if (at - shownAt < (live ? LIVE_EVERY_MS : PLAIN_EVERY_MS)) return;
      shownAt = at;
      if (!live) return err(`${MARGIN}${parts().join(GAP)}\n`);
      isShown = true;
      err(`${CLEAR_LINE}${paint.dim(fitting(parts(), width - 1))}`);
    },
    clear: () => {
      if (isShown) err(CLEAR_LINE);
      isShown = false;
    },
  };
};

/** As many parts as fit whole, the first in any case: a line that wraps cannot be taken back. */
const fitting = ([first = '', ...rest]: readonly string[], width: number): string => {
  let line = `${MARGIN}${first}`;
  for (const part of rest) {
    if (line.length + GAP.length + part.length > width) break;
    line += `${GAP}${part}`;
  }
  return line.slice(0, width);
};
