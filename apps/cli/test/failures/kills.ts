import type { Failure } from './failure.ts';

/** A kill of the whole process, with no chance to tidy up. */
export interface Kill extends Failure {
  /** The failpoint at which it happens: its name, and at which of the times that it is passed. */
  readonly at: string;
}

const killed = { exitCode: 137, rows: 'raw', type: 'redrive' } as const;
const unfinished = 'nothing; `sluice runs` lists it as `failed`, `sluice show` as `not finished`';

export const kills: readonly Kill[] = [
  {
    what: 'The process is killed before the run has begun',
    at: 'run:landed',
    sees: 'nothing; `sluice runs` does not have it',
    ...killed,
    type: 'again',
  },
  {
    what: 'It is killed before a batch has written its part',
    at: 'process:judged:2',
    sees: unfinished,
    ...killed,
  },
  {
    what: 'It is killed after a batch has written its part',
    at: 'process:staged:2',
    sees: unfinished,
    ...killed,
  },
  {
    what: 'It is killed while the batches are put together',
    at: 'collect:uploaded',
    sees: unfinished,
    ...killed,
  },
  {
    what: 'It is killed while the rows are published',
    // Both files: they are copied at once, and either may be the first.
    at: 'publish:copied:2',
    sees: unfinished,
    ...killed,
    rows: 'partly',
  },
  {
    what: 'It is killed before it has told of its success',
    at: 'state:NotifySuccess:entered',
    sees: 'no notification; `sluice runs` lists it as `published`',
    ...killed,
    rows: 'published',
  },
];
