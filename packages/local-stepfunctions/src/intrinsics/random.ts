/** An integer in [start, end); the same one for the same seed. */
export function randomInteger(
  start: number,
  end: number,
  seed: number | undefined,
  random: () => number,
): number {
  const fraction = seed === undefined ? random() : seededFraction(seed);
  return start + Math.floor(fraction * (end - start));
}

/** First number in [0, 1) that the mulberry32 generator (public domain, Tommy Ettinger) gives for a seed. */
export function seededFraction(seed: number): number {
  const state = (seed + 0x6d2b79f5) | 0;
  let mixed = Math.imul(state ^ (state >>> 15), state | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
}

/** A version 4 UUID (RFC 9562). */
export function uuid(random: () => number): string {
  const bytes = Uint8Array.from({ length: 16 }, () => Math.floor(random() * 256));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Buffer.from(bytes).toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
