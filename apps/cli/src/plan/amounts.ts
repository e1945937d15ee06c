import { CliError } from '../cli-error.ts';

const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KIB: 2 ** 10,
  MIB: 2 ** 20,
  GIB: 2 ** 30,
  TIB: 2 ** 40,
};

/** Bytes of `10GB`, `1.5 GiB`, `4096`. */
export const parseBytes = (option: string, text: string): number => {
  const [, digits, unit] = /^(\d+(?:\.\d+)?) ?([A-Za-z]*)$/.exec(text) ?? [];
  const factor = unit === undefined ? undefined : UNITS[unit.toUpperCase()];
  const bytes = Math.round(Number(digits) * (factor ?? Number.NaN));
  if (Number.isSafeInteger(bytes) && bytes > 0) return bytes;
  throw new CliError(`--${option} ${JSON.stringify(text)} is no size; write it as 10GB, 1.5GiB or 4096`);
};

/** A whole number of at least one: `1000000` or `1,000,000`. */
export const parseCount = (option: string, text: string): number => {
  const number = /^\d{1,3}(,\d{3})+$|^\d+$/.test(text) ? Number(text.replaceAll(',', '')) : Number.NaN;
  if (Number.isSafeInteger(number) && number >= 1) return number;
  throw new CliError(`--${option} ${JSON.stringify(text)} is no number of at least 1`);
};
