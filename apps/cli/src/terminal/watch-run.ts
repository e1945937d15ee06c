import { z } from 'zod';
import type { RunWatcher } from '../run/run-watcher.ts';
import { count } from './figures.ts';
import { LIVE_EVERY_MS } from './live-line.ts';
import { mapRunMeter } from './map-run-progress.ts';
import { printable } from './printable.ts';
import { progressLine } from './progress.ts';
import type { Terminal } from './terminal.ts';

/** Failed batches that are told of one by one; the rest are counted. */
const TOLD_BATCHES = 5;

/** Shows a run as it goes: progress, and its notifications. */
export const watchRun = (
  terminal: Terminal,
  now: () => number = Date.now,
): RunWatcher & { readonly done: () => void } => {
  const line = progressLine(terminal, now);
  let size = 0;
  let rows: number | null = null;
  let state = 'Landing';
  let failedBatches = 0;
  let endSampling = (): void => undefined;
  const show = (fraction: number | null): void => line.update({ label: state, fraction, size, rows });
  const say = (text: string): void => {
    line.clear();
    terminal.err(text);
  };
  const notify = (text: string): void => say(`  ${terminal.paint.dim('notification')}  ${printable(text)}\n`);
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
      if (entered) endSampling();
      if ((type === 'TaskStateEntered' || type === 'MapStateEntered') && entered) {
        state = entered.name;
        show(null);
      } else if (succeeded && state === 'RunDataQualityCheck') rows = rowsOf(succeeded.output);
    },
    progress: show,
    mapRun: (mapRun, bytesRead) => {
      const words = mapRunMeter(now);
      const label = state;
      // Children come and go by the thousand: none of them is waited upon, the counts are looked at now and then.
      const timer = setInterval(() => {
        line.show(() =>
          words({
            label,
            mapRun: mapRun.describe(),
            size,
            bytesRead: bytesRead(),
            recordedAsFailed: failedBatches,
          }),
        );
      }, LIVE_EVERY_MS);
      timer.unref();
      endSampling = () => {
        clearInterval(timer);
        rows = mapRun.describe().itemCounts.total;
        if (failedBatches > TOLD_BATCHES)
          notify(`${count(failedBatches - TOLD_BATCHES)} more batches failed.`);
        endSampling = () => undefined;
      };
    },
    batchFailed: ({ rows: { from, to }, error }) => {
      failedBatches += 1;
      if (failedBatches <= TOLD_BATCHES)
        notify(`Batch failed: rows ${count(from)} to ${count(to)} go to quarantine. ${error}`);
    },
    notified: (subject, message) => {
      const [first = ''] = message.split('\n');
      notify(`${subject}. ${first}`);
    },
    done: () => {
      endSampling();
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
