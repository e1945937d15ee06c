import { z } from 'zod';
import type { RunWatcher } from '../run/run-file.ts';
import { printable } from './printable.ts';
import { progressLine } from './progress.ts';
import type { Terminal } from './terminal.ts';

/** Shows a run as it goes: progress, and its notifications. */
export const watchRun = (terminal: Terminal): RunWatcher & { readonly done: () => void } => {
  const line = progressLine(terminal, Date.now);
  let size = 0;
  let rows: number | null = null;
  let state = 'Landing';
  const show = (fraction: number | null): void => line.update({ label: state, fraction, size, rows });
  const say = (text: string): void => {
    line.clear();
    terminal.err(text);
  };
  return {
    waiting: () => say('  Another process runs an object of this name; waiting for it.\n'),
    landing: (done, of) => {
      size = of;
      show(of === 0 ? 1 : done / of);
    },
    started: (run) => {
      ({ size } = run.object);
    },
    event: ({ type, stateEnteredEventDetails: entered, taskSucceededEventDetails: succeeded }) => {
      if ((type === 'TaskStateEntered' || type === 'MapStateEntered') && entered) {
        state = entered.name;
        show(null);
      } else if (succeeded && state === 'RunDataQualityCheck') rows = rowsOf(succeeded.output);
    },
    progress: show,
    notified: (subject, message) => {
      const [first = ''] = message.split('\n');
      say(`  ${terminal.paint.dim('notification')}  ${printable(`${subject}. ${first}`)}\n`);
    },
    done: line.clear,
  };
};

const scoringAnswer = z.object({ Payload: z.object({ rowsIn: z.number() }) });

/** Scoring counts the rows, so that the steps after it know how many there are. */
const rowsOf = (output: string): number | null => {
  const answer = scoringAnswer.safeParse(JSON.parse(output));
  return answer.success ? answer.data.Payload.rowsIn : null;
};
