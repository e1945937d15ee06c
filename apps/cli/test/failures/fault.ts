import { type ObjectStore, readBytes } from '@sluice/lake-storage';
import { TaskError } from '@sluice/local-stepfunctions';
import type { StateMachine } from '@sluice/workflows';
import { z } from 'zod';
import type { Steps } from '../../src/run/steps.ts';
import type { Faults } from './csv-map-run.ts';
import type { Failure } from './failure.ts';

/** Something that goes wrong while an object goes through csv-map, in its second batch or behind the batches. */
export interface Fault extends Failure {
  readonly faults: Faults;
}

const ofBatch = z.object({ items: z.tuple([z.object({ row: z.int() })], z.unknown()) });
export const isSecond = (payload: unknown): boolean => ofBatch.parse(payload).items[0].row === 500;

/** What processing the second batch comes to instead; `attempt` counts from 1. */
export const processing =
  (instead: (payload: unknown, steps: Steps, attempt: number) => Promise<unknown>) =>
  (steps: Steps): Partial<Steps> => {
    let attempt = 0;
    return {
      processRows: (payload) => {
        if (!isSecond(payload)) return steps.processRows(payload);
        attempt += 1;
        return instead(payload, steps, attempt);
      },
    };
  };

export const fails = (name: string, cause: string): Promise<never> =>
  Promise.reject(new TaskError(name, cause));
export const always = (name: string, cause: string): Faults => ({
  steps: processing(() => fails(name, cause)),
});
export const once = (name: string, cause: string): Faults => ({
  steps: processing((payload, steps, attempt) =>
    attempt === 1 ? fails(name, cause) : steps.processRows(payload),
  ),
});

/** The Map with other settings. */
const withMap =
  (change: (map: MapState) => MapState) =>
  (machine: StateMachine): StateMachine => {
    const map = machine.States.ProcessCsvRows;
    if (map?.Type !== 'Map') throw new Error('no Map');
    return { ...machine, States: { ...machine.States, ProcessCsvRows: change(map) } };
  };
type MapState = Extract<StateMachine['States'][string], { Type: 'Map' }>;
export const tolerating = withMap((map) => ({ ...map, ToleratedFailurePercentage: 50 }));
export const timingOut = withMap((map) => {
  const { ProcessRows, ...others } = map.ItemProcessor.States;
  if (!ProcessRows) throw new Error('no ProcessRows');
  const States = { ProcessRows: { ...ProcessRows, TimeoutSeconds: 1 }, ...others };
  return { ...map, ItemProcessor: { ...map.ItemProcessor, States } };
});

/** Changes what is in the store before the batches are put together. */
export const beforeCollecting =
  (change: (store: ObjectStore) => Promise<void>) =>
  (steps: Steps, store: ObjectStore): Partial<Steps> => ({
    collectMapRun: async (payload) => {
      await change(store);
      return steps.collectMapRun(payload);
    },
  });

export const rewrite = async (
  store: ObjectStore,
  prefix: string,
  change: (text: string) => string,
): Promise<void> => {
  for await (const { key } of store.list('curated', prefix)) {
    const at = { bucket: 'curated', key };
    const text = String(Buffer.from((await readBytes(store, at)) ?? []));
    await store.put(at, Buffer.from(change(text)));
  }
};
export const results = 'map-results/orders-1/';
export const secondPart = 'staging/orders-1/parts/500-';

export const done = { exitCode: 0, rows: 'published', type: 'nothing' } as const;
export const setAside = { exitCode: 0, rows: 'setAside', type: 'replay' } as const;
export const failed = { exitCode: 1, rows: 'raw', type: 'redrive' } as const;

/** An object that somebody else made, to be changed. */
export const anObject = z.object({}).loose();
