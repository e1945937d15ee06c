import type { Dataset } from '@sluice/record-schema';
import type { Arguments } from '../command.ts';
import type { Lake } from '../lake/open-lake.ts';
import { reportRun } from '../run/run-report.ts';
import { exitCodeOf, whyNot } from '../run/run-view.ts';
import { runSummary } from '../terminal/run-summary.ts';
import type { Terminal } from '../terminal/terminal.ts';

/** Writes the report of a run that has ended, tells how it ended, and returns the exit code. */
export const tellRun = async (
  lake: Lake,
  dataset: Dataset,
  finished: Parameters<typeof reportRun>[2],
  { json }: Pick<Arguments, 'json'>,
  { out, err, paint }: Terminal,
): Promise<number> => {
  const view = await reportRun(lake, dataset, finished);
  err(runSummary(view, paint));
  if (view.status !== 'published') err(`\n${paint.bad('sluice:')} ${whyNot(view)}\n`);
  if (json) out(`${JSON.stringify(view)}\n`);
  return exitCodeOf(view);
};
