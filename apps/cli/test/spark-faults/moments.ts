import { readdirSync } from 'node:fs';
import { join } from 'node:path';

const MOMENTS = {
  'while Spark starts': [],
  'while the object is read': [/blockmgr-.*rdd_/],
  'while duplicates are looked for': [/blockmgr-.*shuffle_.*data$/],
  'while accepted rows are written': [/output\/accepted-rows\/_temporary/],
  'while quarantined rows are written': [/output\/quarantine-parts/],
  'before it has said that it is done': [/output\/quarantine\.jsonl$/],
} as const;

/** How far the program has come, told by what it has left in its folder by then. */
export type Moment = keyof typeof MOMENTS;

export const MOMENTS_IN_ORDER = Object.keys(MOMENTS).filter((name): name is Moment => name in MOMENTS);

/** Whether a program that works for a lake has come so far. */
export const hasCome = (lake: string, moment: Moment): boolean => {
  const names = filesOf(join(lake, '.sluice/scratch'));
  return MOMENTS[moment].every((trace) => names.some((name) => trace.test(name)));
};

const filesOf = (folder: string): string[] => {
  try {
    return readdirSync(folder, { recursive: true, encoding: 'utf8' });
  } catch {
    // It is not there yet, or something in it has gone while it was listed.
    return [];
  }
};
