import { setTimeout as sleep } from 'node:timers/promises';
import type { Answered } from '@sluice/ingest-api/answer-request';
import type { IngestedShard } from '@sluice/ingest-stream/ingest-records';
import type { Arrival } from '@sluice/start-pipeline/start-pipeline';
import type { Lake } from '../lake/open-lake.ts';
import { withScratch } from '../lake/scratch.ts';
import type { Engines } from '../run/choose-engine.ts';
import type { RunView } from '../run/run-view.ts';
import type { RunWatcher } from '../run/run-watcher.ts';
import { runArrivals } from './arrivals.ts';
import { openHttpDoor } from './http-door.ts';
import { type Landed, watchInbox } from './inbox.ts';
import { watchRawZone } from './raw-objects.ts';
import { openStatesDoor } from './states-door.ts';
import { openStreamDoor } from './stream-door.ts';

/** The ports of the three endpoints; 0 takes a free one. */
export interface Ports {
  readonly kinesis: number;
  readonly api: number;
  readonly states: number;
}

export interface Endpoints {
  readonly kinesis: string;
  readonly api: string;
  readonly states: string;
  /** By their names. */
  readonly machineArns: ReadonlyMap<string, string>;
}

/** What happens at the doors and behind them, for whoever watches. */
export interface SystemWatcher {
  readonly run: RunWatcher;
  readonly ready: (endpoints: Endpoints) => void;
  readonly landed: (file: Landed) => void;
  readonly ingested: (shard: IngestedShard) => void;
  readonly answered: (answered: Answered) => void;
  readonly arrived: (arrival: Arrival) => void;
  readonly ended: (view: RunView, seconds: number) => void;
  /** The zones are looked through, and no run is waiting. */
  readonly idle: () => void;
  readonly problem: (what: string, error: unknown) => void;
  readonly stopping: () => void;
}

interface SystemOptions {
  readonly lake: Lake;
  readonly ports: Ports;
  readonly pseudonymKey: string | undefined;
  readonly engines: Engines;
  /** Its abort ends the system. */
  readonly signal: AbortSignal;
  readonly watcher: SystemWatcher;
}

/** How long a run may go on when the system ends, before it is stopped; it runs anew the next time. */
const GRACE_MS = 10_000;

/**
 * All of Sluice on this machine until the signal aborts: the three doors, and behind them what S3, its queue,
 * start-pipeline and Step Functions are to the deployed lake. Then the doors close one after the other, and what they have
 * taken is in the raw zone before this resolves. Started again it goes on with what has not run.
 */
export const runSystem = (options: SystemOptions): Promise<void> =>
  withScratch(options.lake, (scratchDir) => serve(options, scratchDir));

const serve = async (
  { lake, ports, pseudonymKey, engines, signal, watcher }: SystemOptions,
  scratchDir: string,
): Promise<void> => {
  /** In the order in which they opened; they close the other way round. */
  const opened: (() => Promise<void>)[] = [];
  const atEnd = (close: () => Promise<void>): void => void opened.push(close);
  try {
    const states = await openStatesDoor(lake, ports.states, scratchDir, pseudonymKey, engines);
    atEnd(() => states.stop());

    const running = new AbortController();
    const arrivals = runArrivals({
      lake,
      pseudonymKey,
      engines,
      startIn: (stateMachineName) => (_machine, started) =>
        states.startExecution({ ...started, stateMachineName }),
      signal: running.signal,
      watcher: watcher.run,
      onArrival: watcher.arrived,
      onEnded: watcher.ended,
      onFault: watcher.problem,
    });
    const watching = new AbortController();
    const round = (): void => {
      if (arrivals.pending() === 0) watcher.idle();
    };
    const watched = watchRawZone(lake, watching.signal, arrivals.arrived, round);
    // Until all doors are open nobody waits for it; what it throws is told below.
    watched.catch(() => undefined);
    atEnd(async () => {
      watching.abort();
      await watched;
      const late = sleep(GRACE_MS, undefined, { ref: false }).then(() => running.abort());
      await Promise.race([arrivals.stop(), late]);
      await arrivals.stop();
    });

    const stream = await openStreamDoor(lake, ports.kinesis, watcher.ingested, watcher.problem);
    atEnd(stream.drain);
    const http = await openHttpDoor(lake, ports.api, stream.client, watcher.answered);
    atEnd(http.close);
    const closing = new AbortController();
    const inbox = watchInbox(lake, closing.signal, watcher.landed, watcher.problem);
    atEnd(async () => {
      closing.abort();
      await inbox;
    });

    watcher.ready({
      kinesis: stream.endpoint,
      api: http.url,
      states: states.endpoint,
      machineArns: states.machineArns,
    });
    // What watches fails only if the lake can no longer be read.
    await Promise.race([aborted(signal), watched, inbox]);
    watcher.stopping();
  } finally {
    await closeAll(opened.reverse());
  }
};

/** Each is closed, whatever happens at the one before. */
const closeAll = async ([close, ...others]: readonly (() => Promise<void>)[]): Promise<void> => {
  if (!close) return;
  try {
    await close();
  } finally {
    await closeAll(others);
  }
};

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
