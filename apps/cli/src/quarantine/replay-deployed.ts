import { setTimeout as sleep } from 'node:timers/promises';
import type { DescribeExecutionOutput } from '@aws-sdk/client-sfn';
import type { Dataset } from '@sluice/record-schema';
import { isPlainCsv } from '@sluice/record-transform/reading';
import { type RunInput, runInput } from '@sluice/step-contracts';
import { chooseWorkflow, refusalErrors } from '@sluice/workflows';
import { csvMapNames } from '@sluice/workflows/deployed';
import { CliError, oneLine } from '../cli-error.ts';
import type { Arguments } from '../command.ts';
import { datasetNamed } from '../commands/dataset-named.ts';
import type { DeployedLake } from '../deployed/deployed-lake.ts';
import type { DeployedExecutions } from '../deployed/executions.ts';
import { EXIT } from '../exit-codes.ts';
import { readManifest } from '../lake/manifests.ts';
import { settingsOf } from '../plan/read-settings.ts';
import { liveLine } from '../terminal/live-line.ts';
import type { Terminal } from '../terminal/terminal.ts';
import type { DeployedQuarantine } from './deployed-zones.ts';
import { findRunId } from './find-run-id.ts';
import { readMendedRows } from './mended-rows.ts';
import { prepareReplay } from './replay.ts';
import { reportReplay } from './replay-report.ts';

const SOON_MS = 1000;
const LATER_MS = 5000;
/** Step Functions': https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html */
const MAX_NAME = 80;
const HASH = 33;

/** `sluice quarantine replay RUN --env E`: the same, by the environment's own state machine. */
export const replayDeployed = async (
  { lake, zones, executions }: DeployedQuarantine,
  prefix: string,
  { text, json }: Pick<Arguments, 'text' | 'json'>,
  terminal: Terminal,
): Promise<number> => {
  const name = await findRunId(zones, prefix);
  const { runId } = name;
  const dataset = datasetNamed(name.dataset);
  const path = text('with');
  const mended = path === undefined ? null : { path, rows: await readMendedRows(path, dataset) };
  const first = await executions.find(runId);
  if (first?.status === 'RUNNING') throw stillRunning(runId, first);
  const next = await nextName(executions, runId);
  const replay = await prepareReplay({ zones, name, dataset, mended, lastAsOf: async () => clockOf(first) });
  if (replay.done) {
    reportReplay({ replay, after: replay.before, json, terminal });
    return EXIT.ok;
  }
  const machine = first?.stateMachineArn ?? stateMachineOf(lake, dataset, replay.run.object);
  const executionArn = await executions.start(machine, next, JSON.stringify(replay.run));
  if (executionArn === null) {
    throw new CliError(`somebody else has started ${next}; try again when that is over`, EXIT.fault);
  }
  terminal.err(terminal.paint.dim(`  execution  ${executionArn}\n`));
  const line = liveLine(terminal, Date.now);
  const ended = await waitFor(executions, executionArn, terminal.signal, () =>
    line.show(() => [`  ${next} runs on ${lake.environment}`]),
  ).finally(() => line.clear());
  const after = isOver(ended)
    ? await readManifest(zones.store, name.dataset, runId, zones.buckets.curated)
    : null;
  reportReplay({ replay, after, json, terminal });
  if (ended.status !== 'SUCCEEDED')
    terminal.err(`\n${terminal.paint.bad('sluice:')} ${whyNot(ended, zones.option)}\n`);
  return exitCodeOf(ended);
};

const isOver = ({ status, error }: DescribeExecutionOutput): boolean =>
  status === 'SUCCEEDED' || error === refusalErrors.validation || error === refusalErrors.quality;

const exitCodeOf = ({ status, error }: DescribeExecutionOutput): number => {
  if (status === 'SUCCEEDED') return EXIT.ok;
  if (error === refusalErrors.quality) return EXIT.belowThreshold;
  return error === refusalErrors.validation ? EXIT.refused : EXIT.fault;
};

const whyNot = ({ status, error, cause, name }: DescribeExecutionOutput, option: string): string =>
  oneLine(
    `the replay ended as ${error ?? status}: ${cause ?? 'no cause is given'}; put that right, and go on: sluice redrive ${name}${option}`,
  );

const stillRunning = (runId: string, { executionArn }: DescribeExecutionOutput): CliError =>
  new CliError(`${runId} is running (${executionArn}); replay it when that is over`, EXIT.fault);

/** `<run-id>-replay-<n>`, in 80 characters. */
export const replayName = (runId: string, n: number): string => {
  const suffix = `-replay-${n}`;
  const readable = runId.slice(0, -HASH).slice(0, MAX_NAME - HASH - suffix.length);
  return `${readable}${runId.slice(-HASH)}${suffix}`;
};

/** A name that no execution has. Only one of a run may be under way. */
const nextName = async (executions: DeployedExecutions, runId: string): Promise<string> => {
  for (let n = 1; ; n += 1) {
    const name = replayName(runId, n);
    const earlier = await executions.find(name);
    if (!earlier) return name;
    if (earlier.status === 'RUNNING') throw stillRunning(name, earlier);
  }
};

const clockOf = (execution: DescribeExecutionOutput | null): string | null => {
  const input: unknown = execution?.input === undefined ? null : JSON.parse(execution.input);
  return runInput.safeParse(input).data?.asOf ?? null;
};

/** For a run whose execution AWS has forgotten: the state machine that it would go through today. */
export const stateMachineOf = (
  { environment, stateMachineArn }: DeployedLake,
  dataset: Dataset,
  { key, size }: RunInput['object'],
): string => {
  const object = { size, plainCsv: isPlainCsv(dataset, key), delimiter: dataset.source.delimiter };
  const { lambdaMaxBytes } = settingsOf(environment).transform;
  const chosen = chooseWorkflow(object, dataset.workflow, lambdaMaxBytes);
  return stateMachineArn(chosen.workflow === 'etl' ? 'etl' : csvMapNames[chosen.delimiter]);
};

const waitFor = async (
  executions: DeployedExecutions,
  executionArn: string,
  signal: AbortSignal,
  onLook: () => void,
): Promise<DescribeExecutionOutput> => {
  for (let pause = SOON_MS; ; pause = Math.min(pause * 2, LATER_MS)) {
    onLook();
    await sleep(pause, undefined, { signal }).catch((cause: unknown) => {
      throw new CliError(`stopped looking; ${executionArn} goes on on AWS`, EXIT.interrupted, cause);
    });
    const execution = await executions.describe(executionArn);
    if (execution.status !== 'RUNNING') return execution;
  }
};
