import { z } from 'zod';
import type { RunWatcher } from '../run/run-watcher.ts';
import { count, plural } from './figures.ts';
import { LIVE_EVERY_MS } from './live-line.ts';
import { mapRunMeter } from './map-run-progress.ts';
import { printable } from './printable.ts';
import { progressLine } from './progress.ts';
import type { Terminal } from './terminal.ts';

/** Failed batches that are told of one by one; the rest are counted. */
const TOLD_BATCHES = 5;

/** Shows a run as it goes: progress, and its notifications. Until `done` it looks at the run now and then. */
export const watchRun = (
  terminal: Terminal,
  now: () => number = Date.now,
): RunWatcher & { readonly done: () => void } => {
  const line = progressLine(terminal, now);
  let size = 0;
  let rows: number | null = null;
  let state = 'Landing';
  let fraction: number | null = null;
  /** Of work that a fraction does not tell of. */
  let words: (() => readonly string[]) | null = null;
  let rowsOfMap: (() => number) | null = null;
  let failedBatches = 0;
  const show = (reached: number | null): void => {
    fraction = reached;
    line.update({ label: state, fraction, size, rows });
  };
  const say = (text: string): void => {
    line.clear();
    terminal.err(text);
  };
  const notify = (text: string): void => say(`  ${terminal.paint.dim('notification')}  ${printable(text)}\n`);
  // Children come and go by the thousand: their counts are looked at, they do not report.
  const timer = setInterval(() => {
    if (words) line.show(words);
    else if (fraction === null) show(null);
  }, LIVE_EVERY_MS);
  timer.unref();
  return {
    waiting: () => say('  Another process runs an object of this name; waiting for it.\n'),
    landing: (done, of) => {
      size = of;
      show(of === 0 ? 1 : done / of);
    },
    started: (run, at = state) => {
      ({ size } = run.object);
      state = at;
    },
    event: ({ type, stateEnteredEventDetails: entered, taskSucceededEventDetails: succeeded }) => {
      if (entered) {
        // The steps that follow go over the same rows.
        rows = rowsOfMap?.() ?? rows;
        words = null;
      }
      if ((type === 'TaskStateEntered' || type === 'MapStateEntered') && entered) {
        state = entered.name;
        show(null);
      } else if (succeeded && state === 'RunDataQualityCheck') rows = rowsOf(succeeded.output);
    },
    progress: show,
    sparkProgress: ({ stage, done, of }) => {
      words = () => [state, printable(stage), `${count(done)} of ${plural(of, 'task')}`];
      line.show(words);
    },
    sparkLog: (text) => {
      if (terminal.env.SLUICE_DEBUG) say(`${text}\n`);
    },
    clearing: (done, total) => {
      words = () => [state, `${count(done)} of ${plural(total, 'staged object')} cleared away`];
      line.show(words);
    },
    mapRun: (mapRun, bytesRead) => {
      const meter = mapRunMeter(now);
      const label = mapRun.stateName;
      rowsOfMap = () => mapRun.describe().itemCounts.total;
      words = () => meter({ ...mapRun.describe(), label, size, bytesRead: bytesRead(), failedBatches });
    },
    batchFailed: ({ rows: { from, to }, error }) => {
      failedBatches += 1;
      if (failedBatches > TOLD_BATCHES) return;
      notify(`Batch failed: rows ${count(from)} to ${count(to)} go to quarantine. ${error}`);
      if (failedBatches === TOLD_BATCHES) notify('Further batches that fail are counted.');
    },
    notified: (subject, message) => {
      const [first = ''] = message.split('\n');
      notify(`${subject}. ${first}`);
    },
    done: () => {
      clearInterval(timer);
      line.clear();
    },
  };
};

const scoringAnswer = z.object({ Payload: z.object({ rowsIn: z.number() }) });

/** Scoring counts the rows, so that the steps after it know how many there are. */
const rowsOf = (output: string): number | null => {
  const answer = scoringAnswer.safeParse(JSON.parse(output));
  return answer.success ? answer.data.Payload.rowsIn : null;
};
