import type { ChildResult } from '../distributed-map/child-result.ts';
import type { HistoryEvent } from '../history.ts';
import type { Json, JsonObject } from '../json.ts';

/**
 * Where an execution notes what a redrive needs, so that it can go on in another process after this one was
 * killed. One journal belongs to one execution, its redrives included.
 */
export interface ExecutionJournal {
  /**
   * Adds a text, whole lines, to the end. When it returns, or what it returns resolves, the text must survive
   * the end of the process; what a crash leaves of a text that was being written does no harm.
   */
  append(text: string): void | Promise<void>;
  /** All of the text, in any pieces. */
  read(): AsyncIterable<string | Uint8Array>;
}

/** A journal for redrives in the same process. */
export function createMemoryJournal(): ExecutionJournal {
  const texts: string[] = [];
  return {
    append: (text) => {
      texts.push(text);
    },
    async *read() {
      yield* texts.slice();
    },
  };
}

/** One line of a journal. `at` names the branch: '' the execution's own, '/2' its third branch, and so on. */
export type JournalRecord =
  | {
      readonly type: 'execution';
      readonly name: string;
      readonly input: Json;
      readonly stateMachineName: string;
      /** Milliseconds since the epoch. */
      readonly startedAt: number;
    }
  | { readonly type: 'redrive'; readonly count: number }
  | {
      readonly type: 'event';
      readonly event: Omit<HistoryEvent, 'timestamp'> & { readonly timestamp: string };
    }
  | { readonly type: 'end'; readonly status: 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED' }
  | ({ readonly type: 'state'; readonly at: string } & EnteredState)
  /** A Map or Parallel begins again; what its branches have done is forgotten. */
  | { readonly type: 'attempt'; readonly at: string }
  | { readonly type: 'branch'; readonly at: string; readonly output: Json }
  | ({ readonly type: 'map-run'; readonly at: string } & StartedMapRun)
  | { readonly type: 'child'; readonly at: string; readonly id: string; readonly result: ChildResult };

/** A state that a branch has entered, and with what. */
export interface EnteredState {
  readonly state: string;
  readonly input: Json;
  readonly variables: JsonObject;
  readonly eventId: number;
  /** Milliseconds since the epoch. */
  readonly enteredAt: number;
}

/** A Map Run that has started, or was redriven. */
export interface StartedMapRun {
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly redriveCount: number;
  /** Of the object that the ItemReader reads; undefined if it reads none or many. */
  readonly etag?: string | undefined;
}

/** Writes records. Each is kept before what comes after it in the execution happens. */
export class JournalWriter {
  readonly #journal: ExecutionJournal;
  #pending: Promise<unknown> | undefined;

  constructor(journal: ExecutionJournal) {
    this.#journal = journal;
  }

  /** A promise if the journal takes time; of an event, whoever writes the next record waits for it. */
  write(record: JournalRecord): Promise<void> | undefined {
    return this.append(`${JSON.stringify(record)}\n`);
  }

  /** Ends the line that a crash may have left unfinished. */
  startAnew(): Promise<void> | undefined {
    return this.append('\n');
  }

  private append(text: string): Promise<void> | undefined {
    const written = this.#journal.append(text);
    if (written !== undefined) {
      this.#pending = Promise.all([this.#pending, written]);
      // Whoever waits hears of it.
      this.#pending.catch(() => {});
    }
    return this.#pending === undefined ? undefined : this.flush();
  }

  private async flush(): Promise<void> {
    const pending = this.#pending;
    await pending;
    if (this.#pending === pending) this.#pending = undefined;
  }
}
