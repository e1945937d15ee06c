/** First in, first out: a ring that grows, so that passing through it leaves nothing to collect. */
export class Fifo<T> {
  #ring: (T | undefined)[] = new Array(16).fill(undefined);
  #head = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(item: T): void {
    const size = this.#ring.length;
    if (this.#length === size) {
      this.#ring = [...this.#ring.slice(this.#head), ...this.#ring.slice(0, this.#head)];
      this.#ring.length = size * 2;
      this.#ring.fill(undefined, size);
      this.#head = 0;
    }
    // Sizes are powers of two.
    this.#ring[(this.#head + this.#length) & (this.#ring.length - 1)] = item;
    this.#length += 1;
  }

  peek(): T | undefined {
    return this.#ring[this.#head];
  }

  shift(): T | undefined {
    const item = this.#ring[this.#head];
    if (this.#length === 0) return undefined;
    this.#ring[this.#head] = undefined;
    this.#head = (this.#head + 1) & (this.#ring.length - 1);
    this.#length -= 1;
    return item;
  }
}
