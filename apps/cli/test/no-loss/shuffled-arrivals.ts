import { setTimeout as sleep } from 'node:timers/promises';
import { startExecution } from '@sluice/local-stepfunctions';
import { runArrivals } from '../../src/dev/arrivals.ts';
import { type RawObject, watchRawZone } from '../../src/dev/raw-objects.ts';
import type { Lake } from '../../src/lake/open-lake.ts';
import { duckdbOnly } from '../../src/run/choose-engine.ts';
import { whyNot } from '../../src/run/run-view.ts';
import { chanceOf } from '../crash-rounds/chance.ts';
import { nobodyWatches } from '../run-in-process.ts';
import type { FaultCounts } from './faulty-kinesis.ts';

export interface Arrivals {
  /** Every object of the raw zone has had its events, and every run has ended. */
  readonly finish: () => Promise<{ readonly runs: number; readonly problems: readonly string[] }>;
}

/** Events of the raw zone in any order, some of them several times, some of them hours late. */
export const shuffledArrivals = (lake: Lake, seed: number, faults: FaultCounts): Arrivals => {
  const done = (name: string): void => void faults.set(name, (faults.get(name) ?? 0) + 1);
  const problems: string[] = [];
  let held: RawObject[] = [];
  let runs = 0;
  let rounds = 0;
  const stopping = new AbortController();
  const arrivals = runArrivals({
    lake,
    pseudonymKey: undefined,
    engines: duckdbOnly,
    startIn: () => startExecution,
    signal: new AbortController().signal,
    watcher: nobodyWatches,
    onArrival: (arrival) => {
      if (arrival.outcome === 'failed') problems.push(`${arrival.key}: ${arrival.reason}`);
    },
    onEnded: (view) => {
      const { runId, status } = view;
      runs += 1;
      if (status !== 'published') problems.push(`${runId} ended as ${status}: ${whyNot(view)}`);
    },
    onFault: (runId, error) => problems.push(`${runId}: ${error}`),
  });

  /** Some now, some twice, some later than those that came after them. */
  const deliver = async (events: readonly RawObject[], about: string): Promise<RawObject[]> => {
    const later: RawObject[] = [];
    for (const [at, event] of shuffled(events, seed, about).entries()) {
      const chance = chanceOf(seed, about, at);
      if (chance < 0.3) {
        done('S3 event came late');
        later.push(event);
        continue;
      }
      await arrivals.arrived(event);
      if (chance < 0.6) {
        done('S3 event came twice');
        await arrivals.arrived(event);
      }
    }
    return later;
  };

  const watched = watchRawZone(
    lake,
    stopping.signal,
    async (object) => {
      held.push(object);
    },
    () => undefined,
  );
  const delivering = (async () => {
    while (!stopping.signal.aborted) {
      rounds += 1;
      const now = held;
      held = [];
      held = [...(await deliver(now, `round ${rounds}`)), ...held];
      await sleep(200, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  })();

  return {
    finish: async () => {
      stopping.abort();
      await Promise.all([watched, delivering]);
      // Whatever was held back comes now, and everything else once more.
      const all: RawObject[] = [];
      for await (const object of lake.store.list('raw', 'incoming/')) all.push(object);
      for (const event of shuffled(all, seed, 'last')) await arrivals.arrived(event);
      while (arrivals.pending() > 0) await sleep(20);
      await arrivals.stop();
      return { runs, problems };
    },
  };
};

const shuffled = <T>(items: readonly T[], seed: number, about: string): T[] =>
  items
    .map((item, at) => ({ item, order: chanceOf(seed, about, 'order', at) }))
    .sort((a, b) => a.order - b.order)
    .map(({ item }) => item);
