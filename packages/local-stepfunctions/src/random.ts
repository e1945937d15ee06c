/** A number in [0, 1) that nobody can guess, for identifiers are made of it. */
export function systemRandom(): number {
  const [word = 0] = crypto.getRandomValues(new Uint32Array(1));
  return word / 2 ** 32;
}
