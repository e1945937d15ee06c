/**
 * An integer in [start, end); the same one for the same seed. AWS does not say how it comes from the seed; as its
 * `$random` is Java's, this is Java's `nextInt` too.
 */
export function randomInteger(
  start: number,
  end: number,
  seed: number | undefined,
  random: () => number,
): number {
  const size = end - start;
  if (seed === undefined || size > MAX_INT) return start + Math.floor(fractionOf(seed, random) * size);
  return start + seededInteger(seed, BigInt(size));
}

function fractionOf(seed: number | undefined, random: () => number): number {
  return seed === undefined ? random() : seededFraction(seed);
}

// Java's Random: https://docs.oracle.com/javase/8/docs/api/java/util/Random.html
const MULTIPLIER = 0x5deece66dn;
const MASK = (1n << 48n) - 1n;
const MAX_INT = 2 ** 31 - 1;

/**
 * What Java's `new Random(seed).nextDouble()` gives, a number in [0, 1), for an integer: that of `$random(seed)` on AWS,
 * bit for bit (measured: https://github.com/floci-io/floci/issues/2662).
 */
export function seededFraction(seed: number): number {
  const first = nextState(initialState(seed));
  const second = nextState(first);
  return Number(((first >> 22n) << 27n) + (second >> 21n)) / 2 ** 53;
}

/** What Java's `new Random(seed).nextInt(bound)` gives. */
function seededInteger(seed: number, bound: bigint): number {
  let state = nextState(initialState(seed));
  if ((bound & (bound - 1n)) === 0n) return Number((bound * (state >> 17n)) >> 31n);
  for (;;) {
    const bits = state >> 17n;
    const integer = bits % bound;
    // The last, incomplete run of the bound would make some integers likelier than others.
    if (bits - integer + bound - 1n <= MAX_INT) return Number(integer);
    state = nextState(state);
  }
}

function initialState(seed: number): bigint {
  return (BigInt(Math.trunc(seed)) ^ MULTIPLIER) & MASK;
}

function nextState(state: bigint): bigint {
  return (state * MULTIPLIER + 0xbn) & MASK;
}

/** A version 4 UUID (RFC 9562). */
export function uuid(random: () => number): string {
  const bytes = Uint8Array.from({ length: 16 }, () => Math.floor(random() * 256));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Buffer.from(bytes).toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
