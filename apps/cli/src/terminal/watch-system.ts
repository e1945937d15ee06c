import { oneLine } from '../cli-error.ts';
import type { Endpoints, SystemWatcher } from '../dev/system.ts';
import { type RunView, whyNot } from '../run/run-view.ts';
import { count, duration, plural, bytes as size } from './figures.ts';
import { printable } from './printable.ts';
import type { Terminal } from './terminal.ts';

interface SystemWords {
  /** How to use each door, when all are open. */
  readonly ready: (endpoints: Endpoints) => string;
}

/** A line for each thing that happens, with the time and the door; with `json` also JSON lines: the endpoints, then each run. */
export const watchSystem = (
  { out, err, paint }: Terminal,
  { ready }: SystemWords,
  json: boolean,
  now: () => Date = () => new Date(),
): SystemWatcher => {
  const say = (where: string, text: string): void => {
    const time = now().toTimeString().slice(0, 8);
    err(`  ${paint.dim(time)}  ${where.padEnd(7)} ${printable(text)}\n`);
  };
  const ignore = (): void => undefined;
  let isCaughtUp = false;
  let ranBefore = 0;
  return {
    run: {
      waiting: () => say('run', 'another process runs an object of this name; waiting for it'),
      landing: ignore,
      started: ignore,
      event: ignore,
      progress: ignore,
      sparkProgress: ignore,
      sparkLog: ignore,
      clearing: ignore,
      mapRun: ignore,
      batchFailed: ({ rows: { from, to }, error }) =>
        say('run', `a batch failed: rows ${count(from)} to ${count(to)} go to quarantine. ${error}`),
      notified: ignore,
    },
    ready: (endpoints) => {
      const { kinesis, api, states } = endpoints;
      if (json) out(`${JSON.stringify({ endpoints: { kinesis, api, states } })}\n`);
      err(ready(endpoints));
    },
    landed: ({ dataset, name, size: bytes, written }) =>
      say(
        'inbox',
        `${dataset}/${name}, ${size(bytes)}${written ? '' : ': the same bytes were there already'}`,
      ),
    ingested: ({ landed, quarantined, repeated, failed, objects }) => {
      const parts = [
        ...(landed > 0 ? [`${plural(landed, 'record')} landed`] : []),
        ...(quarantined > 0 ? [`${count(quarantined)} unreadable, in quarantine`] : []),
        ...(repeated > 0 ? [`${count(repeated)} were there already`] : []),
        ...(failed > 0 ? [`${count(failed)} failed and come again`] : []),
      ];
      say('stream', `${parts.join(', ')}; ${plural(objects, 'object')}`);
    },
    answered: ({ dataset, sums, problem, response }) => {
      const { taken = 0, refused = 0, failed = 0 } = sums ?? {};
      if (problem === null && sums === null) return;
      const told =
        sums === null
          ? String(problem)
          : `${count(taken)} taken, ${count(refused)} refused, ${count(failed)} failed`;
      say('api', `${response.statusCode} ${dataset ?? ''} ${told}`);
    },
    arrived: (arrival) => {
      if (arrival.outcome === 'exists') ranBefore += 1;
      if (arrival.outcome === 'failed') say('raw', `${arrival.key ?? 'an object'}: ${arrival.reason}`);
    },
    ended: (view, seconds) => {
      if (json) out(`${JSON.stringify(view)}\n`);
      say('run', endOf(view, seconds));
    },
    idle: () => {
      if (!isCaughtUp && ranBefore > 0)
        say('raw', `nothing is left to run; ${plural(ranBefore, 'object')} had run before`);
      isCaughtUp = true;
    },
    problem: (what, error) => say('problem', `${what}: ${oneLine(error)}`),
    stopping: () => say('stop', 'the doors close; what they have taken lands first'),
  };
};

const endOf = (view: RunView, seconds: number): string => {
  const { runId, manifest } = view;
  if (manifest?.status !== 'published') return `${runId} ${view.status}: ${whyNot(view)}`;
  const { accepted, filtered, duplicates, quarantined, rowsIn } = manifest.counts;
  const dropped = filtered.reduce((sum, { rows }) => sum + rows, 0);
  const terms = `accepted ${count(accepted)} + filtered ${count(dropped)} + duplicates ${count(duplicates)} + quarantined ${count(quarantined)} = ${count(rowsIn)}`;
  return `${runId} published in ${duration(seconds * 1000)}: ${terms}`;
};
