import type { ExecutionJournal } from '../journal/journal.ts';

/**
 * The journals of the executions that may be redriven, within a memory that they share. When it is full the
 * journals of those that ended first are forgotten; a journal that fills it alone is forgotten itself.
 */
export class Journals {
  readonly #limit: number;
  readonly #ended = new Set<KeptJournal>();
  #characters = 0;

  /** @param limit characters, of one or two bytes, of all journals together */
  constructor(limit: number) {
    this.#limit = limit;
  }

  open(): KeptJournal {
    return new KeptJournal({
      grown: (journal, characters) => {
        this.#characters += characters;
        for (const oldest of [...this.#ended, journal]) {
          if (this.#characters <= this.#limit) return;
          oldest.forget();
        }
      },
      ended: (journal, hasEnded) => {
        if (hasEnded) this.#ended.add(journal);
        else this.#ended.delete(journal);
      },
      forgotten: (journal, characters) => {
        this.#characters -= characters;
        this.#ended.delete(journal);
      },
    });
  }
}

interface Keeper {
  grown(journal: KeptJournal, characters: number): void;
  ended(journal: KeptJournal, hasEnded: boolean): void;
  forgotten(journal: KeptJournal, characters: number): void;
}

/** A journal in memory that can be forgotten; it takes what is written then, and keeps nothing of it. */
export class KeptJournal implements ExecutionJournal {
  readonly #keeper: Keeper;
  #texts: string[] | undefined = [];
  #characters = 0;

  constructor(keeper: Keeper) {
    this.#keeper = keeper;
  }

  get isKept(): boolean {
    return this.#texts !== undefined;
  }

  append(text: string): void {
    if (this.#texts === undefined) return;
    this.#texts.push(text);
    this.#characters += text.length;
    this.#keeper.grown(this, text.length);
  }

  async *read(): AsyncGenerator<string, void> {
    yield* this.#texts?.slice() ?? [];
  }

  /** Whether its execution has ended: then it makes room for others. */
  set hasEnded(hasEnded: boolean) {
    if (this.isKept) this.#keeper.ended(this, hasEnded);
  }

  forget(): void {
    if (this.#texts === undefined) return;
    this.#texts = undefined;
    this.#keeper.forgotten(this, this.#characters);
  }
}
