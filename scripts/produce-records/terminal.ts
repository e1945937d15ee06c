const whole = new Intl.NumberFormat('en-US');

/** `100,000` */
export const count = (value: number): string => whole.format(value);

/** `1 record`, `100,000 records` */
export const plural = (value: number, one: string, many = `${one}s`): string =>
  `${count(value)} ${value === 1 ? one : many}`;

/** `512 bytes`, `9.8 MB`: powers of 1,000, as disks are sold. */
export const bytes = (value: number): string => {
  if (value < 1000) return plural(value, 'byte');
  const units = ['kB', 'MB', 'GB', 'TB'];
  let size = value / 1000;
  let unit = 0;
  // 999.95 would be printed as 1000.0.
  while (size >= 999.95 && unit < units.length - 1) {
    size /= 1000;
    unit += 1;
  }
  return `${size.toFixed(1)} ${units[unit]}`;
};

/** `8 ms`, `1.4 s`, `2 min 5 s` */
export const duration = (milliseconds: number): string => {
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 59_950) return `${(milliseconds / 1000).toFixed(1)} s`;
  const seconds = Math.round(milliseconds / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
};

/** For a POSIX shell. */
export const quoted = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;

export interface ProgressLine {
  /** Something that stays, in a line of its own. */
  readonly say: (text: string) => void;
  readonly end: () => void;
}

const LIVE_EVERY_MS = 100;
const PLAIN_EVERY_MS = 5000;
const CLEAR_LINE = '\r\u001b[2K';

/** What is going on, on standard error: one line that is rewritten on a terminal, elsewhere one every few seconds. */
export const progressLine = (stderr: NodeJS.WriteStream, parts: () => readonly string[]): ProgressLine => {
  const live = stderr.isTTY === true && process.env.TERM !== 'dumb';
  const show = (): void => {
    // A line that wraps cannot be taken back. Some terminals do not know how wide they are, and say 0.
    const line = `  ${parts().join('  ')}`;
    stderr.write(live ? `${CLEAR_LINE}${line.slice(0, (stderr.columns || 100) - 1)}` : `${line}\n`);
  };
  const timer = setInterval(show, live ? LIVE_EVERY_MS : PLAIN_EVERY_MS);
  timer.unref();
  const clear = (): void => {
    if (live) stderr.write(CLEAR_LINE);
  };
  return {
    say: (text) => {
      clear();
      stderr.write(`${text}\n`);
    },
    end: () => {
      clearInterval(timer);
      clear();
    },
  };
};
