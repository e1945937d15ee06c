import type { IngestRecordsDeps } from '../src/ingest-records.ts';

type Objects = IngestRecordsDeps['objects'];

export interface StoreFault {
  /** Counts requests, from 0. */
  readonly at: number;
  /** Whether the request is done all the same, as after a timeout. */
  readonly done: boolean;
  /** Whether the function dies with it: every request behind it fails. */
  readonly crash: boolean;
}

class Unavailable extends Error {
  override readonly name = 'Unavailable';
}

/** Objects in which one request fails. */
export const failingObjects = (objects: Objects, fault: StoreFault | null): Objects => {
  let requests = 0;
  const passing = async <T>(work: () => Promise<T>): Promise<T> => {
    const at = requests;
    requests += 1;
    const isHit = at === fault?.at;
    if (fault?.crash && at > fault.at) throw new Unavailable('dead');
    if (isHit && !fault.done) throw new Unavailable('not done');
    const result = await work();
    if (isHit) throw new Unavailable('done');
    return result;
  };
  return {
    async *keys(...args) {
      yield* await passing(async () => objects.keys(...args));
    },
    read: (...args) => passing(() => objects.read(...args)),
    put: (...args) => passing(() => objects.put(...args)),
  };
};
