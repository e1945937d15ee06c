/** Up to where a shard is settled: after a record; from a time on, nothing settled yet (0: from the start); all of it. */
export type ShardPosition =
  | { readonly after: string }
  | { readonly since: number }
  | { readonly ended: true };

/** Positions of all shards, as JSON. Of a stream that was deleted and made anew they mean nothing. */
export interface Checkpoints {
  readonly streamArn: string;
  readonly streamCreatedAt: string;
  readonly shards: Readonly<Record<string, ShardPosition>>;
}

/** Where positions are kept between runs: a file, an object, a variable. */
export interface CheckpointStore {
  /** Null: none yet. */
  readonly load: () => Promise<Checkpoints | null>;
  /** Called with one save at a time. A save that fails is tried again with the next positions. */
  readonly save: (checkpoints: Checkpoints) => Promise<void>;
}

/** Saves what is current whenever it changes, one save at a time. */
export function createSaver(save: () => Promise<void>, onError: (error: unknown) => void) {
  let changed = false;
  let running: Promise<void> | undefined;

  const run = async () => {
    while (changed) {
      changed = false;
      try {
        await save();
      } catch (error) {
        onError(error);
      }
    }
    running = undefined;
  };

  return {
    touch: () => {
      changed = true;
      running ??= run();
    },
    /** The last save; its error is thrown. */
    finish: async () => {
      await running;
      await save();
    },
  };
}
