import type { Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { type FoundRun, listRuns } from '../lake/find-run.ts';
import { objectName } from '../lake/object-name.ts';
import { openLake } from '../lake/open-lake.ts';
import { shortId, statusOf } from '../run/run-view.ts';
import { count } from '../terminal/figures.ts';
import { printable } from '../terminal/printable.ts';
import { table } from '../terminal/table.ts';

export const runs: Command = {
  usage: 'runs',
  summary: 'Lists the runs of the lake, by dataset and object.',
  details:
    'The figures come from the manifests in the curated zone; a run without one has not ended, or not well: sluice redrive.',
  options: {},
  positionals: [0, 0],
  run: async ({ lake: folder, json }, { out, err, paint }) => {
    const lake = await openLake(folder);
    const found = await listRuns(lake);
    if (json) out(`${JSON.stringify(found.map(documentOf))}\n`);
    else if (found.length === 0) err(`No runs yet. Next: sluice run FILE --dataset D${lake.option}\n`);
    else {
      out(
        table(
          [
            { title: 'run' },
            { title: 'status' },
            { title: 'object' },
            { title: 'score', align: 'right' },
            { title: 'rows in', align: 'right' },
            { title: 'accepted', align: 'right' },
            { title: 'quarantined', align: 'right' },
            { title: 'as of' },
          ],
          found.map(rowOf),
          paint,
        ),
      );
    }
    return EXIT.ok;
  },
};

const documentOf = ({ run, manifest, execution, running }: FoundRun) => ({
  ...run,
  status: running ? 'running' : statusOf(manifest, execution),
  manifest,
  startedAt: execution?.startedAt ?? null,
  endedAt: execution?.endedAt ?? null,
});

const rowOf = ({ run, manifest, execution, running }: FoundRun): string[] => {
  const counts = manifest?.status === 'published' ? manifest.counts : null;
  const figure = (rows: number | undefined): string => (rows === undefined ? '' : count(rows));
  return [
    shortId(run.runId),
    running ? 'running' : statusOf(manifest, execution),
    printable(objectName(run.object.key)),
    String(manifest?.quality?.verdict.score ?? ''),
    figure(counts?.rowsIn ?? manifest?.quality?.profile.rowsIn),
    figure(counts?.accepted),
    figure(counts?.quarantined),
    run.asOf.slice(0, 10),
  ];
};
