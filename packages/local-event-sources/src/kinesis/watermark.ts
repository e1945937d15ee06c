/** The number up to which every record that was read is settled, in whatever order they are settled. */
export interface Watermark {
  readonly read: (sequenceNumber: string) => void;
  readonly settle: (sequenceNumber: string) => void;
  /** Undefined: not even the first is settled. */
  readonly value: () => string | undefined;
  readonly unsettled: () => number;
}

export function createWatermark(start: string | undefined): Watermark {
  // Each unsettled number with the one read before it, in order of reading.
  const open = new Map<string, string | undefined>();
  let last = start;
  return {
    read: (sequenceNumber) => {
      open.set(sequenceNumber, last);
      last = sequenceNumber;
    },
    settle: (sequenceNumber) => {
      open.delete(sequenceNumber);
    },
    value: () => {
      const [before] = open.values();
      return open.size === 0 ? last : before;
    },
    unsettled: () => open.size,
  };
}
