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
  const show = (fraction: number): void => line.update({ label: state, fraction, size, rows });
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
      if (type === 'TaskStateEntered' && entered) {
        state = entered.name;
        show(0);
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

/** The answer of scoring knows how many rows there are. */
const rowsOf = (output: string): number | null => {
  const answer: unknown = JSON.parse(output, (key, value: unknown) =>
    key === 'SdkHttpMetadata' ? undefined : value,
  );
  const payload: unknown =
    typeof answer === 'object' && answer !== null ? Reflect.get(answer, 'Payload') : null;
  const rows: unknown =
    typeof payload === 'object' && payload !== null ? Reflect.get(payload, 'rowsIn') : null;
  return typeof rows === 'number' ? rows : null;
};
