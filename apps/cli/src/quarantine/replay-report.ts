import type { Manifest } from '@sluice/step-contracts';
import { shortId } from '../run/run-view.ts';
import { plural } from '../terminal/figures.ts';
import { block } from '../terminal/run-summary.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { fatesChange, totalsIn } from './fates-change.ts';
import type { Replay } from './replay.ts';

export interface ReplayReport {
  readonly replay: Replay;
  /** Null if the replay failed. */
  readonly after: Manifest | null;
  readonly json: boolean;
  readonly terminal: Terminal;
}

/** Says what a replay changed: on standard output, for a person or as JSON. */
export const reportReplay = ({ replay, after, json, terminal: { out, paint } }: ReplayReport): void => {
  const { run, before, mended, done } = replay;
  if (json) {
    const { runId, dataset, asOf, object } = run;
    out(
      `${JSON.stringify({
        runId,
        dataset,
        asOf,
        object,
        status: after?.status ?? 'failed',
        changed: !done,
        replacedRows: mended?.replaced ?? 0,
        replacedCopies: mended?.copies ?? 0,
        before: totalsIn(before),
        after: totalsIn(after),
      })}\n`,
    );
    return;
  }
  const totals = totalsIn(after);
  const lines = [
    `${shortId(run.runId)}  ${headOf(replay)}`,
    ...(before?.status === 'rejected' && totals ? ['it had been refused as a whole'] : []),
  ];
  out(
    `\n${[
      block('Replay', lines, paint),
      ...(totals ? [block('Rows', fatesChange(totalsIn(before), totals, paint), paint)] : []),
    ].join('\n\n')}\n`,
  );
};

const headOf = ({ mended, done }: Replay): string => {
  if (done) return 'nothing to do: these rows were replayed before';
  if (!mended) return 'the object went through its workflow again';
  const copies = mended.copies > 0 ? `, and ${plural(mended.copies, 'copy of them', 'copies of them')}` : '';
  return `${plural(mended.replaced, 'row')} replaced${copies}`;
};
