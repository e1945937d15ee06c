import { appendFileSync } from 'node:fs';
import { TaskError } from '@sluice/local-stepfunctions';
import type { Steps } from '../../src/run/steps.ts';
import { chanceOf } from './chance.ts';

/** What goes wrong in batches. */
export interface Faults {
  /** Says which calls, and how. */
  readonly seed: number;
  /** Of all calls, between 0 and 1. */
  readonly rate: number;
  /** Says which batches fail whenever they are tried: their rows end in quarantine. */
  readonly doom: number;
}

const DOOMED = 0.004;

type Work = () => Promise<unknown>;

const throws = (error: string) => () => Promise.reject(new TaskError(error, 'injected'));

/** What a function may do instead of its work. A run cannot go on behind an answer that is too large, so that is rare. */
const ways: readonly (readonly [name: string, weight: number, instead: (work: Work) => Promise<unknown>])[] =
  [
    ['dies before its work', 4, throws('Runtime.ExitError')],
    [
      'dies after its work',
      4,
      async (work) => {
        await work();
        throw new TaskError('Runtime.ExitError', 'injected');
      },
    ],
    ['is throttled', 4, throws('Lambda.TooManyRequestsException')],
    ['times out', 2, throws('States.Timeout')],
    ['throws', 4, throws('SlowDown')],
    [
      'answers with too much',
      0.3,
      async (work) => {
        await work();
        return { note: 'x'.repeat(300 * 1024) };
      },
    ],
  ];
const weights = ways.reduce((sum, [, weight]) => sum + weight, 0);

const placeOf = (payload: unknown): string =>
  typeof payload === 'object' && payload !== null && 'items' in payload && Array.isArray(payload.items)
    ? String(payload.items[0]?.row)
    : '';

export const faulty = (steps: Steps): Steps => {
  const faults: Faults = JSON.parse(process.env.SLUICE_FAULTS ?? '{"seed":0,"rate":0,"doom":0}');
  const calls = new Map<string, number>();
  const wrap =
    (step: 'processRows' | 'recordFailedRows') =>
    (payload: unknown): Promise<unknown> => {
      const call = `${step} ${placeOf(payload)}`;
      const nth = (calls.get(call) ?? 0) + 1;
      calls.set(call, nth);
      const work = () => steps[step](payload);
      if (faults.rate > 0 && step === 'processRows' && chanceOf(faults.doom, call) < DOOMED)
        return Promise.reject(new TaskError('AccessDenied', 'injected'));
      if (chanceOf(faults.seed, call, nth) >= faults.rate) return work();
      let left = chanceOf(faults.seed, call, nth, 'way') * weights;
      const way = ways.find(([, weight]) => {
        left -= weight;
        return left < 0;
      });
      if (!way) return work();
      appendFileSync(process.env.SLUICE_TRACE ?? '', `fault:${step} ${way[0]}\n`);
      return way[2](work);
    };
  return { ...steps, processRows: wrap('processRows'), recordFailedRows: wrap('recordFailedRows') };
};
