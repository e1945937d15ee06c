const whole = new Intl.NumberFormat('en-US');

/** `100,000` */
export const count = (value: number): string => whole.format(value);

/** `1 row`, `100,000 rows` */
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

/** A part of a whole: `12.3 %`. Never `100.0 %` or `0.0 %` for what is not quite all or nothing. */
export const share = (part: number, of: number): string => {
  if (of === 0) return '–';
  const percent = (part / of) * 100;
  if (part > 0 && percent < 0.05) return '< 0.1 %';
  if (part < of && percent >= 99.95) return '> 99.9 %';
  return `${percent.toFixed(1)} %`;
};
