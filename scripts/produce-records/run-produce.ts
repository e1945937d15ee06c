import { kinesisClient } from '@sluice/kinesis-producer';
import type { ProduceArguments } from './arguments.ts';
import { type Checkpoint, defaultCheckpointFile, type Job, openCheckpoint } from './checkpoint.ts';
import { dryStream } from './dry-stream.ts';
import { EXIT, ProduceError } from './produce-error.ts';
import { generatedInput, type Input, openInput } from './read/open-input.ts';
import { sendRecords } from './send-records.ts';
import { describeStream, type StreamFacts } from './stream-target.ts';
import type { Summary } from './summary.ts';

/** Returns the exit code. `words` are the command line, to be said again. */
export const runProduce = async (
  args: ProduceArguments,
  words: readonly string[],
  stop: AbortController,
): Promise<number> => {
  const { endpoint, region } = args;
  const client = kinesisClient({ endpoint, region, ...anyoneAt(endpoint, process.env) });
  const place = await placeOf(args, () => client.config.region());
  const input = await inputOf(args, stop.signal);
  const checkpoint = args.dryRun ? null : await checkpointOf(args, input, place);
  if (checkpoint?.doneAt) {
    if (args.json) process.stdout.write(`${JSON.stringify(nothingToSend(args, input, checkpoint))}\n`);
    process.stderr.write(
      `${input.label} was sent in full by ${checkpoint.doneAt} (${checkpoint.file}); --no-checkpoint sends it once more\n`,
    );
    return EXIT.ok;
  }
  const { facts, wasAsked } = await factsOf(args, () => describeStream(client, args.stream, place));
  const dry = args.dryRun ? dryStream(facts.openShards ?? 1) : null;
  return sendRecords({
    args,
    words,
    stop,
    input,
    checkpoint,
    facts,
    dry,
    wasAsked,
    client: dry?.client ?? client,
  });
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

const nothingToSend = (
  args: ProduceArguments,
  input: Input,
  { acknowledged, file }: Checkpoint,
): Summary => ({
  stream: args.stream,
  input: input.label,
  dryRun: false,
  before: acknowledged,
  read: 0,
  sent: 0,
  refused: 0,
  notSent: 0,
  retried: 0,
  requests: 0,
  bytes: 0,
  milliseconds: 0,
  refusedBy: {},
  acknowledged,
  checkpoint: file,
  stopped: null,
  failure: null,
});

/** An emulator on this machine asks nobody who they are, and the SDK cannot sign without anybody. */
const anyoneAt = (endpoint: string | undefined, env: NodeJS.ProcessEnv) => {
  const isLocal =
    endpoint !== undefined && /^(127\.0\.0\.1|localhost|\[::1\])$/.test(new URL(endpoint).hostname);
  return isLocal && !env.AWS_ACCESS_KEY_ID && !env.AWS_PROFILE
    ? { credentials: { accessKeyId: 'any', secretAccessKey: 'any' } }
    : {};
};
