import { once } from 'node:events';

/** Where a command writes. Results go to `out`, everything that is said to a person to `err`. */
export interface Terminal {
  readonly out: (text: string) => void;
  /** Bytes as they are, no faster than they are taken. */
  readonly write: (chunks: AsyncIterable<Uint8Array>) => Promise<void>;
  readonly err: (text: string) => void;
  readonly paint: Paint;
  /** Standard error is a terminal: lines may be rewritten. */
  readonly live: boolean;
  readonly width: number;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  /** The environment's variables. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

type Style = (text: string) => string;

export interface Paint {
  readonly bold: Style;
  readonly dim: Style;
  readonly good: Style;
  readonly warn: Style;
  readonly bad: Style;
}

const sgr =
  (on: number, off: number): Style =>
  (text) =>
    `\u001b[${on}m${text}\u001b[${off}m`;
const plain: Style = (text) => text;

const coloured: Paint = {
  bold: sgr(1, 22),
  dim: sgr(2, 22),
  good: sgr(32, 39),
  warn: sgr(33, 39),
  bad: sgr(31, 39),
};
const uncoloured: Paint = { bold: plain, dim: plain, good: plain, warn: plain, bad: plain };

/** Colours only on a terminal, and never with NO_COLOR (https://no-color.org). */
export const openTerminal = (
  { stdout, stderr, env }: Pick<NodeJS.Process, 'stdout' | 'stderr' | 'env'>,
  signal: AbortSignal,
): Terminal => {
  const live = stderr.isTTY === true && env.TERM !== 'dumb';
  return {
    out: (text) => void stdout.write(text),
    write: async (chunks) => {
      for await (const chunk of chunks) if (!stdout.write(chunk)) await once(stdout, 'drain');
    },
    err: (text) => void stderr.write(text),
    paint: live && !env.NO_COLOR ? coloured : uncoloured,
    live,
    // Some terminals do not know how wide they are, and say 0.
    width: stderr.columns || 100,
    signal,
    env,
  };
};
