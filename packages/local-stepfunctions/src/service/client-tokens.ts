// "The API will return idempotent responses for the last 10 client tokens used to successfully redrive the execution.
// These client tokens are valid for up to 15 minutes after they are first used."
const MAX_TOKENS = 10;
const VALID_MS = 15 * 60_000;

/** What was answered to the requests of the latest client tokens. */
export class ClientTokens {
  readonly #answers = new Map<string, { readonly usedAt: number; readonly date: Date }>();

  /** @param now milliseconds since the epoch */
  answer(token: string, now: number): Date | undefined {
    const known = this.#answers.get(token);
    return known !== undefined && now - known.usedAt <= VALID_MS ? known.date : undefined;
  }

  keep(token: string, date: Date, now: number): void {
    this.#answers.delete(token);
    this.#answers.set(token, { usedAt: now, date });
    for (const oldest of this.#answers.keys()) {
      if (this.#answers.size <= MAX_TOKENS) return;
      this.#answers.delete(oldest);
    }
  }
}
