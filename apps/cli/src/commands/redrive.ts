import type { Command } from '../command.ts';
import { findRun } from '../lake/find-run.ts';
import { openLake } from '../lake/open-lake.ts';
import { redriveRun } from '../run/redrive-run.ts';
import { reportRun } from '../run/run-report.ts';
import { exitCodeOf, whyNot } from '../run/run-view.ts';
import { runSummary } from '../terminal/run-summary.ts';
import { watchRun } from '../terminal/watch-run.ts';

export const redrive: Command = {
  usage: 'redrive RUN',
  summary:
    'Goes on with a run that failed, was stopped or was killed. What it has done is not done again: of a Distributed Map only the batches that failed or were never started are run.',
  details: `RUN is a run id, or as much of its beginning as no other run shares. The run goes on by the state machine that it was
started with. A run that has succeeded, or whose object was refused, is over.

PSEUDONYM_KEY is the key for datasets that pseudonymise; it has to be the one that the run was started with.`,
  options: {},
  positionals: [1, 1],
  run: async ({ positionals: [prefix = ''], lake: folder, json }, terminal) => {
    const lake = await openLake(folder);
    const found = await findRun(lake, prefix);
    const watcher = watchRun(terminal);
    try {
      const { dataset, ...finished } = await redriveRun({
        lake,
        found,
        pseudonymKey: terminal.env.PSEUDONYM_KEY,
        signal: terminal.signal,
        watcher,
      });
      watcher.done();
      const view = await reportRun(lake, dataset, finished);
      terminal.err(runSummary(view, terminal.paint));
      if (view.status !== 'published') terminal.err(`\n${terminal.paint.bad('sluice:')} ${whyNot(view)}\n`);
      if (json) terminal.out(`${JSON.stringify(view)}\n`);
      return exitCodeOf(view);
    } finally {
      watcher.done();
    }
  },
};
