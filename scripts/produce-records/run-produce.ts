import {
  createProducer,
  kinesisClient,
  type ProducerMetrics,
  partitionKeyBy,
} from '@sluice/kinesis-producer';
import type { ProduceArguments } from './arguments.ts';
import { type Checkpoint, defaultCheckpointFile, type Job, openCheckpoint } from './checkpoint.ts';
import { type DryStream, dryStream } from './dry-stream.ts';
import { recordPreparer } from './prepare-record.ts';
import { type Failure, type Production, production } from './produce.ts';
import { EXIT, ProduceError } from './produce-error.ts';
import { generatedInput, type Input, openInput } from './read/open-input.ts';
import { openRefusals } from './refusals.ts';
import { describeStream, type StreamFacts } from './stream-target.ts';
import { closingLine, progressParts, type Summary, shardLines } from './summary.ts';
import { count, plural, progressLine, quoted } from './terminal.ts';

// A stream that throttles is waited for; one that is gone is not waited for all night.
const MAX_AGE_MS = 120_000;
const MAX_ATTEMPTS = 100;
const CHECKPOINT_EVERY_MS = 1000;
/** How long Ctrl-C waits for what is on its way. */
const LAST_WORDS_MS = 10_000;

/** Returns the exit code. `words` are the command line, to be said again. */
export const runProduce = async (
  args: ProduceArguments,
  words: readonly string[],
  stop: AbortController,
): Promise<number> => {
  const client = kinesisClient({ endpoint: args.endpoint, region: args.region });
  const place = await placeOf(args, () => client.config.region());
  const input = await inputOf(args, stop.signal);
  const checkpoint = args.dryRun ? null : await checkpointOf(args, input, place);
  if (checkpoint?.doneAt) {
    process.stderr.write(
      `${input.label} was sent in full by ${checkpoint.doneAt} (${checkpoint.file}); --no-checkpoint sends it once more\n`,
    );
    return EXIT.ok;
  }
  const { facts, wasAsked } = await factsOf(args, () => describeStream(client, args.stream, place));
  const dry = args.dryRun ? dryStream(facts.openShards ?? 1) : null;
  return send({ args, words, stop, input, checkpoint, facts, dry, wasAsked, client: dry?.client ?? client });
};

const placeOf = async (
  { endpoint, region, dryRun }: ProduceArguments,
  regionOf: () => Promise<string>,
): Promise<string> => {
  if (endpoint !== undefined) return `at ${endpoint}`;
  if (region !== undefined) return `in ${region}`;
  return regionOf().then(
    (found) => `in ${found}`,
    () => {
      if (dryRun) return 'in no region';
      throw new ProduceError('no region: say --region, or set AWS_REGION');
    },
  );
};

const inputOf = async (
  { source, dataset, checkpoint }: ProduceArguments,
  signal: AbortSignal,
): Promise<Input> => {
  if (source.kind === 'generated') return generatedInput(source.dataset, { ...source, signal });
  const identify = checkpoint !== null && checkpoint !== 'default';
  return openInput({ path: source.path, format: source.format, dataset, identify, signal });
};

const checkpointOf = async (
  args: ProduceArguments,
  input: Input,
  place: string,
): Promise<Checkpoint | null> => {
  const job: Job = {
    input: input.identity,
    target: {
      stream: args.stream,
      place,
      dataset: args.dataset?.name ?? '',
      datasetField: args.datasetField ?? '',
    },
  };
  if (args.checkpoint === null) return null;
  if (args.checkpoint !== 'default') return openCheckpoint(args.checkpoint.file, job, input.label);
  if (!input.isFile) return null;
  return openCheckpoint(defaultCheckpointFile(job, input.label, process.env), job, input.label);
};

/** A dry run does without a stream that it cannot reach. */
const factsOf = async (
  { dryRun }: ProduceArguments,
  describe: () => Promise<StreamFacts>,
): Promise<{ readonly facts: StreamFacts; readonly wasAsked: boolean }> => {
  try {
    const facts = await describe();
    return { facts, wasAsked: facts.openShards !== null };
  } catch (error) {
    if (!dryRun || !(error instanceof ProduceError)) throw error;
    process.stderr.write(`  ${error.message}\n`);
    return { facts: { maxRecordBytes: null, openShards: null }, wasAsked: false };
  }
};

interface Sending {
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

const send = async ({ args, words, stop, input, checkpoint, facts, dry, wasAsked, client }: Sending) => {
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
      latest.failure ??= failure;
    },
  });
  const line = progressLine(process.stderr, () =>
    progressParts(job.counts(), {
      fraction: input.fraction(),
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
  const keeper = keepCheckpoint(checkpoint, job);
  const patience = onAbort(stop.signal, () => {
    line.say('  stopping: waiting for what is on its way; Ctrl-C again stops at once');
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
  tell(summary, { args, words, dry, wasAsked, isDone });
  if (inputFault !== null) throw inputFault;
  if (failure !== null) return EXIT.fault;
  return summary.refused > 0 && isDone ? EXIT.refused : EXIT.ok;
};

const tell = (
  summary: Summary,
  {
    args,
    words,
    dry,
    wasAsked,
    isDone,
  }: Pick<Sending, 'args' | 'words' | 'dry' | 'wasAsked'> & { readonly isDone: boolean },
): void => {
  const say = (text: string) => process.stderr.write(`${text}\n`);
  if (args.json) process.stdout.write(`${JSON.stringify(summary)}\n`);
  const { failure } = summary;
  if (failure) {
    const tries = plural(failure.attempts, 'try', 'tries');
    say(`  the stream did not take record ${count(failure.number)}: ${failure.errorCode} after ${tries}`);
  }
  if (dry) for (const line of shardLines(dry, wasAsked)) say(line);
  const reasons = Object.entries(summary.refusedBy).map(([reason, times]) => `${reason} ${count(times)}`);
  if (reasons.length > 0) say(`  refused: ${reasons.join(', ')}`);
  say(`  ${closingLine(summary)}`);
  if (isDone || dry) return;
  if (summary.checkpoint === null) {
    say(
      `  acknowledged up to record ${count(summary.acknowledged)}, but noted nowhere: --checkpoint FILE would`,
    );
    return;
  }
  say(`  acknowledged up to record ${count(summary.acknowledged)}; to go on behind it:`);
  say(`    pnpm produce ${words.map(quoted).join(' ')}`);
};

/** Notes how far the stream has acknowledged, every so often and at the end. */
const keepCheckpoint = (checkpoint: Checkpoint | null, job: Production) => {
  let noted = checkpoint?.acknowledged ?? 0;
  let writing: Promise<void> = Promise.resolve();
  let fault: unknown = null;
  const note = (done: boolean): void => {
    const reached = job.reached();
    if (!checkpoint || (!done && reached.acknowledged === noted)) return;
    noted = reached.acknowledged;
    writing = writing
      .then(() => checkpoint.write({ ...reached, done }))
      .catch((error: unknown) => {
        fault = error;
      });
  };
  const timer = setInterval(() => note(false), CHECKPOINT_EVERY_MS);
  timer.unref();
  return {
    end: async (isDone: boolean): Promise<void> => {
      clearInterval(timer);
      note(isDone);
      await writing;
      if (fault !== null) throw fault;
    },
  };
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
