import type { ChildResult } from '../distributed-map/child-result.ts';
import type { Json } from '../json.ts';
import type { EnteredState, ExecutionJournal, JournalWriter, StartedMapRun } from './journal.ts';
import { type ReplayedBranch, type ReplayedMapRun, succeededChildren } from './replay.ts';

/** What one branch notes for a redrive, and what it finds noted when it is one. */
export class BranchJournal {
  readonly #journal: ExecutionJournal;
  readonly #writer: JournalWriter;
  readonly #at: string;
  #replayed: ReplayedBranch | undefined;

  constructor(
    journal: ExecutionJournal,
    writer: JournalWriter,
    at: string,
    replayed: ReplayedBranch | undefined,
  ) {
    this.#journal = journal;
    this.#writer = writer;
    this.#at = at;
    this.#replayed = replayed;
  }

  /** The state to go on with, undefined if the branch starts anew. */
  get resumed(): EnteredState | undefined {
    return this.#replayed?.entered;
  }

  /** What the branch gave before; it need not run again. */
  get output(): { readonly value: Json } | undefined {
    return this.#replayed?.output;
  }

  /** The Map Run to go on with. */
  get mapRun(): ReplayedMapRun | undefined {
    return this.#replayed?.mapRun;
  }

  branch(index: number): BranchJournal {
    const replayed = this.#replayed?.branches.get(index);
    return new BranchJournal(this.#journal, this.#writer, `${this.#at}/${index}`, replayed);
  }

  entered(state: EnteredState): Promise<void> | undefined {
    this.#replayed = undefined;
    return this.#writer.write({ type: 'state', at: this.#at, ...state });
  }

  /** The state begins again: a Retry of a Map or Parallel. */
  attempt(): Promise<void> | undefined {
    this.#replayed = undefined;
    return this.#writer.write({ type: 'attempt', at: this.#at });
  }

  ended(output: Json): Promise<void> | undefined {
    return this.#writer.write({ type: 'branch', at: this.#at, output });
  }

  mapRunStarted(mapRun: StartedMapRun): Promise<void> | undefined {
    return this.#writer.write({ type: 'map-run', at: this.#at, ...mapRun });
  }

  childEnded(id: string, result: ChildResult): Promise<void> | undefined {
    return this.#writer.write({ type: 'child', at: this.#at, id, result });
  }

  /** The results that a Map Run has already, each once. */
  succeededChildren(id: string): AsyncIterable<ChildResult> {
    return succeededChildren(this.#journal, id);
  }
}
