/** Where the rows are after a failure; the tests look there. */
export const whereTheRowsAre = {
  published: 'published, all of them',
  malformed: 'quarantined with that reason; all others are published',
  setAside: 'quarantined as `not_processed`; all others are published',
  raw: 'in the raw object; nothing is published',
  partly: 'in the raw object; some files are published, but no manifest counts them',
  refused: 'in the refused object, in quarantine; nothing is published',
} as const;

/** What a person types then; the tests do it and look at the lake. */
export const whatToType = {
  nothing: '—',
  successor: 'nothing: the new object has a run of its own',
  developer: 'nothing: a developer has to see what is staged, which is kept for some days',
  replay: '`sluice quarantine replay RUN`',
  redrive: '`sluice redrive RUN`',
  again: '`sluice run FILE --dataset D --workflow csv-map`, as before',
  etl: '`sluice run FILE --dataset D --workflow etl`',
  corrected: '`sluice run FILE --dataset D --workflow csv-map`, when the file is corrected',
} as const;

export type Step = 'ProcessRows' | 'RecordFailedRows' | 'CollectMapRun' | 'UpdateDataCatalog';

/** One way in which a run can go wrong: a row of docs/failures.md, and a test. */
export interface Failure {
  readonly what: string;
  /** Markdown. Each code span is something that the person really sees. */
  readonly sees: string;
  /** Of `sluice run`; on AWS a run with another one than 0 has failed. */
  readonly exitCode: 0 | 1 | 3 | 4 | 137;
  /** What is tried again before it counts, and how often. */
  readonly retried?: readonly [step: Step, times: number];
  readonly rows: keyof typeof whereTheRowsAre;
  readonly type: keyof typeof whatToType;
}

/** The code spans of a cell: `` `a` and `b` `` are a and b. */
export const codeSpansOf = (text: string): string[] =>
  [...text.matchAll(/`([^`]+)`/g)].map(([, span = '']) => span);
