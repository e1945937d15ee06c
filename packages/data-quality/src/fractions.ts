/** An exact fraction: figures are rounded once, at the end. The denominator is positive. */
export interface Fraction {
  readonly over: bigint;
  readonly under: bigint;
}

export const fraction = (over: number, under: number): Fraction => ({
  over: BigInt(over),
  under: BigInt(under),
});

export const minus = (a: Fraction, b: Fraction): Fraction => ({
  over: a.over * b.under - b.over * a.under,
  under: a.under * b.under,
});

export const plus = (a: Fraction, b: Fraction): Fraction => minus(a, { over: -b.over, under: b.under });

export const isAbove = (a: Fraction, limit: number): boolean => {
  // Limits come from people, with a few decimals at most; a millionth is exact enough to be exact.
  const scaled = BigInt(Math.round(limit * 1e6));
  return a.over * 1_000_000n > scaled * a.under;
};

/** Half up to two places. Only for fractions that are not negative. */
export const roundHalfUp = ({ over, under }: Fraction): number =>
  Number((over * 200n + under) / (under * 2n)) / 100;
