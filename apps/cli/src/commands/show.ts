import type { Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { findRun } from '../lake/find-run.ts';
import { openLake } from '../lake/open-lake.ts';
import { reportOf } from '../run/run-report.ts';
import { viewOf } from '../run/run-view.ts';
import { runSummary } from '../terminal/run-summary.ts';

export const show: Command = {
  usage: 'show RUN',
  summary: 'What happened in a run: its states, its score, what became of its rows, and where the files are.',
  details: 'RUN is a run id, or as much of its beginning as no other run shares.',
  options: {},
  positionals: [1, 1],
  run: async ({ positionals: [prefix = ''], lake: folder, json }, { out, paint }) => {
    const lake = await openLake(folder);
    const found = await findRun(lake, prefix);
    const view = viewOf(lake, { ...found, report: await reportOf(lake, found.run.runId) });
    out(json ? `${JSON.stringify(view)}\n` : runSummary(view, paint).slice(1));
    return EXIT.ok;
  },
};
