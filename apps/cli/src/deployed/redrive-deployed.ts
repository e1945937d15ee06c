import { setTimeout as sleep } from 'node:timers/promises';
import type { DescribeExecutionOutput, DescribeMapRunOutput } from '@aws-sdk/client-sfn';
import { refusalErrors } from '@sluice/workflows';
import { CliError, oneLine } from '../cli-error.ts';
import { EXIT } from '../exit-codes.ts';
import type { DeployedLake } from './deployed-lake.ts';
import { type DeployedExecutions, withExecutions } from './executions.ts';

const SOON_MS = 1000;
/** DescribeExecution may be called some ten times a second in an account: nobody else is to notice. */
const LATER_MS = 5000;

export interface DeployedRedrive {
  readonly lake: DeployedLake;
  /** The execution's name: the whole id. */
  readonly runId: string;
  /** Look until it has ended. */
  readonly wait: boolean;
  readonly signal: AbortSignal;
  /** How far the Map Run is, whenever it was looked at. */
  readonly onMapRun: (mapRun: DescribeMapRunOutput) => void;
}

export interface RedrivenExecution {
  readonly execution: Partial<DescribeExecutionOutput>;
  readonly mapRun: DescribeMapRunOutput | null;
  /** Batches that had succeeded before; null if there is no Map Run. */
  readonly batchesBefore: number | null;
}

/**
 * Redrives a run's execution on AWS, which goes on where it failed.
 *
 * @throws {CliError} if there is none, or AWS does not redrive it
 */
export const redriveDeployed = async (request: DeployedRedrive): Promise<RedrivenExecution> => {
  const { lake, runId, wait } = request;
  if (!/^[\w-]{1,80}$/.test(runId)) throw new CliError(`${JSON.stringify(runId)} is no run id`);
  return withExecutions(lake, async (executions) => {
    const former = await executions.find(runId);
    if (!former?.executionArn) {
      throw new CliError(
        `${lake.environment} has no execution ${runId}; write the whole run id (AWS forgets executions 90 days after their end)`,
      );
    }
    checkEnding(lake, runId, former);
    const { executionArn } = former;
    const mapRunBefore = await executions.mapRun(executionArn);
    const refusal = await executions.redrive(executionArn);
    if (refusal !== null) throw notRedrivable(runId, refusal);
    const batchesBefore = mapRunBefore?.executionCounts?.succeeded ?? null;
    if (wait) return { ...(await ended(executions, former, request)), batchesBefore };
    return { execution: { executionArn, status: 'RUNNING' }, mapRun: mapRunBefore, batchesBefore };
  });
};

/** AWS would redrive an execution that ended in a Fail state, too: to enter that state again. */
const checkEnding = (
  { environment }: DeployedLake,
  runId: string,
  { status, error, cause, redriveStatus, redriveStatusReason }: DescribeExecutionOutput,
): void => {
  if (status === 'SUCCEEDED') throw new CliError(`nothing to redrive: ${runId} has succeeded`);
  if (status === 'RUNNING') throw new CliError(`nothing to redrive: ${runId} is running`);
  const refusals: readonly string[] = Object.values(refusalErrors);
  if (error !== undefined && refusals.includes(error)) {
    throw new CliError(
      `not redrivable: the object was refused (${oneLine(cause ?? error)}); mend it and send it anew`,
    );
  }
  if (error === 'PipelineFailed') {
    throw new CliError(
      `nothing to redrive: ${runId} ended for good on ${environment} (${oneLine(cause ?? error)}); put that right and start it anew: docs/runbooks/failed-runs.md`,
    );
  }
  if (redriveStatus !== undefined && redriveStatus !== 'REDRIVABLE')
    throw notRedrivable(runId, redriveStatusReason ?? redriveStatus);
};

const notRedrivable = (runId: string, reason: string): CliError =>
  new CliError(
    `AWS does not redrive ${runId}: ${oneLine(reason).replace(/\.$/, '')}; start it anew: docs/runbooks/failed-runs.md`,
    EXIT.fault,
  );

const ended = async (
  executions: DeployedExecutions,
  { executionArn = '', redriveCount: former = 0 }: DescribeExecutionOutput,
  { signal, onMapRun }: DeployedRedrive,
): Promise<Pick<RedrivenExecution, 'execution' | 'mapRun'>> => {
  for (let pause = SOON_MS; ; pause = Math.min(pause * 2, LATER_MS)) {
    await sleep(pause, undefined, { signal }).catch((cause: unknown) => {
      throw new CliError(
        'stopped looking; the run goes on on AWS, and its end is told as that of any run',
        EXIT.interrupted,
        cause,
      );
    });
    const execution = await executions.describe(executionArn);
    // What is described may be a little old: https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeExecution.html
    const isOver = execution.status !== 'RUNNING' && (execution.redriveCount ?? 0) > former;
    const mapRun = await executions.mapRun(executionArn);
    if (isOver) return { execution, mapRun };
    if (mapRun) onMapRun(mapRun);
  }
};
