import {
  createProducer,
  type kinesisClient,
  type ProducerMetrics,
  partitionKeyBy,
} from '@sluice/kinesis-producer';
import type { ProduceArguments } from './arguments.ts';
import type { Checkpoint } from './checkpoint.ts';
import type { DryStream } from './dry-stream.ts';
import { keepCheckpoint } from './keep-checkpoint.ts';
import { recordPreparer } from './prepare-record.ts';
import { type Failure, type Production, production } from './produce.ts';
import { EXIT } from './produce-error.ts';
import type { Input } from './read/open-input.ts';
import { openRefusals } from './refusals.ts';
import type { StreamFacts } from './stream-target.ts';
import { progressParts, type Summary } from './summary.ts';
import { tellSummary } from './tell-summary.ts';
import { count, progressLine } from './terminal.ts';

// A stream that throttles is waited for; one that is gone is not waited for all night.
const MAX_AGE_MS = 120_000;
const MAX_ATTEMPTS = 100;
/** How long Ctrl-C waits for what is on its way. */
const LAST_WORDS_MS = 10_000;

export interface Sending {
  readonly args: ProduceArguments;
  readonly words: readonly string[];
  readonly stop: AbortController;
  readonly input: Input;
  readonly checkpoint: Checkpoint | null;
  readonly facts: StreamFacts;
  readonly dry: DryStream | null;
  readonly wasAsked: boolean;
  readonly client: ReturnType<typeof kinesisClient>;
}

/** Sends what is to be sent, and returns the exit code. */
export const sendRecords = async ({
  args,
  words,
  stop,
  input,
  checkpoint,
  facts,
  dry,
  wasAsked,
  client,
}: Sending): Promise<number> => {
  const before = { acknowledged: checkpoint?.acknowledged ?? 0, refused: checkpoint?.refused ?? 0 };
  const startedAt = performance.now();
  const latest: { metrics: ProducerMetrics | null; failure: Failure | null } = {
    metrics: null,
    failure: null,
  };
  // Aborted when there is no more waiting for what is on its way.
  const giveUp = new AbortController();
  const producer = createProducer({
    client,
    streamName: args.stream,
    ordered: args.ordered,
    aggregate: args.aggregate,
    maxAgeMs: MAX_AGE_MS,
    maxAttempts: MAX_ATTEMPTS,
    ...(facts.maxRecordBytes === null ? {} : { maxRecordBytes: facts.maxRecordBytes }),
    signal: giveUp.signal,
    onMetrics: (metrics) => {
      latest.metrics = metrics;
    },
    metricsIntervalMs: 250,
  });
  const job: Production = production({
    records: input.records(before.acknowledged),
    reached: before,
    prepare: recordPreparer({
      datasetMember:
        args.dataset && args.datasetField !== null
          ? { field: args.datasetField, dataset: args.dataset.name }
          : null,
      keyOf: partitionKeyBy(args.partitionKey),
      keyNeedsValues: args.partitionKey.strategy === 'field',
    }),
    producer,
    rate: dry ? null : args.rate,
    stop,
    onRefused: (number, reason) => refusals.add(number, reason),
    onFailed: (failure) => {
      if (!giveUp.signal.aborted) latest.failure ??= failure;
    },
  });
  const line = progressLine(process.stderr, () =>
    progressParts(job.counts(), {
      readFraction: input.fraction(),
      milliseconds: performance.now() - startedAt,
      metrics: latest.metrics,
    }),
  );
  const refusals = await openRefusals(args.refused, { append: before.acknowledged > 0, say: line.say });
  if (before.acknowledged > 0) {
    line.say(
      `  going on behind record ${count(before.acknowledged)} of ${input.label}: what is before it is acknowledged`,
    );
  }
  const keeper = keepCheckpoint(checkpoint, job.reached, line.say);
  const patience = onAbort(stop.signal, () => {
    const why = latest.failure ? 'the stream takes no more' : 'stopping';
    line.say(
      `  ${why}: waiting for what is on its way; Ctrl-C ${latest.failure ? '' : 'again '}stops at once`,
    );
    return setTimeout(() => giveUp.abort(), LAST_WORDS_MS);
  });
  let inputFault: unknown = null;
  try {
    await job.run();
  } catch (error) {
    inputFault = error;
  }
  clearTimeout(patience());
  await producer.close();
  const isDone = !stop.signal.aborted && inputFault === null;
  await keeper.end(isDone);
  line.end();
  await refusals.close();

  const counts = job.counts();
  const { acknowledged } = job.reached();
  const { metrics, failure } = latest;
  const summary: Summary = {
    stream: args.stream,
    input: input.label,
    dryRun: args.dryRun,
    before: before.acknowledged,
    ...counts,
    notSent: counts.read - counts.sent - counts.refused,
    retried: metrics?.retried ?? 0,
    requests: dry?.requests() ?? metrics?.requests ?? 0,
    milliseconds: Math.round(performance.now() - startedAt),
    refusedBy: refusals.byReason(),
    acknowledged,
    checkpoint: checkpoint?.file ?? null,
    stopped: failure ? 'failed' : stop.signal.aborted ? 'signal' : inputFault === null ? null : 'failed',
    failure,
    ...(dry ? { shards: dry.shards } : {}),
  };
  const canGoOn = summary.stopped !== null && inputFault === null;
  tellSummary(summary, { args, words, dry, wasAsked, canGoOn });
  if (inputFault !== null) throw inputFault;
  if (failure !== null) return EXIT.fault;
  return summary.refused > 0 && isDone ? EXIT.refused : EXIT.ok;
};

/** Calls once the signal is aborted, now or later; gives what was returned then. */
const onAbort = <T>(signal: AbortSignal, call: () => T): (() => T | undefined) => {
  let result: T | undefined;
  const run = () => {
    result = call();
  };
  if (signal.aborted) run();
  else signal.addEventListener('abort', run, { once: true });
  return () => result;
};
