/** Decimals are texts of digits at their scale, without leading zeros (`-1.50`): exact, and what is published. */

/** The digits of a decimal as a whole number, with so many zeros more. */
export const unscaled = (value: string, zeros: number): bigint =>
  BigInt(value.replace('.', '')) * 10n ** BigInt(zeros);

export const toDecimal = (value: bigint, scale: number): string => {
  const negative = value < 0n;
  const digits = (negative ? -value : value).toString().padStart(scale + 1, '0');
  const whole = scale === 0 ? digits : `${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
  return negative ? `-${whole}` : whole;
};

/** The same number at a larger scale. */
export const rescale = (value: string, from: number, to: number): string =>
  from === to ? value : `${value}${from === 0 ? '.' : ''}${'0'.repeat(to - from)}`;

const FORM = /^([+-]?)(\d*)(?:\.(\d*))?$/;

/**
 * A decimal rounded half away from zero to its scale. NaN if the text is no decimal, infinite if it has too many
 * digits once it is rounded.
 */
export const parseDecimal = (text: string, precision: number, scale: number): string | number => {
  const parts = FORM.exec(text);
  if (!parts) return Number.NaN;
  const [, sign, digits = '', fraction = ''] = parts;
  if (digits === '' && fraction === '') return Number.NaN;
  let zeros = 0;
  while (digits.charCodeAt(zeros) === 48) zeros += 1;
  const whole = digits.slice(zeros);
  if (whole.length > precision - scale) return Number.POSITIVE_INFINITY;
  if (fraction.length === scale && sign !== '-') {
    return `${whole === '' ? '0' : whole}${scale === 0 ? '' : '.'}${fraction}`;
  }
  let value = BigInt(whole + fraction.slice(0, scale).padEnd(scale, '0'));
  if (fraction.charCodeAt(scale) >= 53) value += 1n;
  if (value >= 10n ** BigInt(precision)) return Number.POSITIVE_INFINITY;
  return toDecimal(sign === '-' ? -value : value, scale);
};
