/** A set of row numbers, a bit each: a hundred million rows take 12 MB. */
export class Bits {
  #words = new Uint32Array(1024);

  add(at: number): void {
    const word = at >>> 5;
    if (word >= this.#words.length) {
      const larger = new Uint32Array(Math.max(word + 1, this.#words.length * 2));
      larger.set(this.#words);
      this.#words = larger;
    }
    this.#words[word] = (this.#words[word] ?? 0) | (1 << (at & 31));
  }

  has(at: number): boolean {
    return ((this.#words[at >>> 5] ?? 0) & (1 << (at & 31))) !== 0;
  }
}
