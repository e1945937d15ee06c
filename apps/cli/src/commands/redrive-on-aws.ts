import type { DescribeMapRunOutput, MapRunExecutionCounts, MapRunItemCounts } from '@aws-sdk/client-sfn';
import { refusalErrors } from '@sluice/workflows';
import { oneLine } from '../cli-error.ts';
import { openDeployedLake } from '../deployed/deployed-lake.ts';
import { type RedrivenExecution, redriveDeployed } from '../deployed/redrive-deployed.ts';
import { EXIT } from '../exit-codes.ts';
import { count, duration, plural } from '../terminal/figures.ts';
import { liveLine } from '../terminal/live-line.ts';
import { mapRunMeter } from '../terminal/map-run-progress.ts';
import { printable } from '../terminal/printable.ts';
import { redriveLine } from '../terminal/redrive-line.ts';
import { block } from '../terminal/run-summary.ts';
import type { Terminal } from '../terminal/terminal.ts';

/** Redrives a run of a deployed lake, and shows how it ends. Returns the exit code. */
export const redriveOnAws = async (
  environment: string,
  runId: string,
  { wait, json }: { readonly wait: boolean; readonly json: boolean },
  terminal: Terminal,
): Promise<number> => {
  const lake = await openDeployedLake(environment);
  const line = liveLine(terminal, Date.now);
  const words = mapRunMeter(Date.now);
  try {
    const redriven = await redriveDeployed({
      lake,
      runId,
      wait,
      signal: terminal.signal,
      onMapRun: (mapRun) => line.show(() => words(progressOf(environment, mapRun))),
    });
    line.clear();
    terminal.err(summary(environment, runId, redriven, terminal));
    if (json) terminal.out(`${JSON.stringify(documentOf(environment, runId, redriven))}\n`);
    return exitCodeOf(redriven);
  } finally {
    line.clear();
  }
};

const exitCodeOf = ({ execution: { status, error } }: RedrivenExecution): number => {
  if (status === 'SUCCEEDED' || status === 'RUNNING') return EXIT.ok;
  if (error === refusalErrors.quality) return EXIT.belowThreshold;
  return error === refusalErrors.validation ? EXIT.refused : EXIT.fault;
};

const documentOf = (environment: string, runId: string, redriven: RedrivenExecution) => {
  const { executionArn, status, error, cause, startDate, stopDate, redriveCount } = redriven.execution;
  const { mapRunArn, itemCounts, executionCounts } = redriven.mapRun ?? {};
  return {
    environment,
    runId,
    execution: { executionArn, status, error, cause, startDate, stopDate, redriveCount },
    mapRun: redriven.mapRun && { mapRunArn, itemCounts, executionCounts },
    batchesDoneBefore: redriven.batchesBefore,
  };
};

const countsOf = (counts: MapRunItemCounts | MapRunExecutionCounts | undefined) => {
  const {
    pending = 0,
    running = 0,
    succeeded = 0,
    failed = 0,
    timedOut = 0,
    aborted = 0,
    total = 0,
  } = counts ?? {};
  const { resultsWritten = 0, failuresNotRedrivable = 0, pendingRedrive = 0 } = counts ?? {};
  return {
    ...{ pending, running, succeeded, failed, timedOut, aborted, total },
    ...{ resultsWritten, failuresNotRedrivable, pendingRedrive },
  };
};

/** The data set's size is known by now: it was read before the redrive. */
const progressOf = (environment: string, { itemCounts, executionCounts }: DescribeMapRunOutput) => ({
  label: environment,
  itemCounts: countsOf(itemCounts),
  executionCounts: countsOf(executionCounts),
  size: 0,
  bytesRead: 0,
  failedBatches: 0,
});

const summary = (
  environment: string,
  runId: string,
  { execution, mapRun, batchesBefore }: RedrivenExecution,
  { paint }: Terminal,
): string => {
  const {
    status = 'RUNNING',
    error,
    cause,
    redriveDate,
    stopDate,
    executionArn = '',
    redriveCount,
  } = execution;
  const took = redriveDate && stopDate ? ` in ${duration(stopDate.getTime() - redriveDate.getTime())}` : '';
  const words = `${status.toLowerCase().replace('_', ' ')} on ${environment}${took}`;
  const { total, pending, succeeded, failed, timedOut, aborted } = countsOf(mapRun?.executionCounts);
  const batches =
    batchesBefore === null
      ? null
      : { total, doneBefore: batchesBefore, ranAgain: total - pending - batchesBefore };
  const failures = [
    [failed + timedOut, 'failed'],
    [aborted, 'stopped'],
    [pending, 'not started'],
  ] as const;
  const counts = [
    plural(total, 'batch', 'batches'),
    `${count(succeeded)} processed`,
    ...failures.flatMap(([of, what]) => (of > 0 ? [`${count(of)} ${what}`] : [])),
  ];
  const isOver = status !== 'RUNNING';
  return `\n${[
    block(
      'Run',
      [
        `${runId}  ${status === 'SUCCEEDED' ? paint.good(words) : isOver ? paint.bad(words) : paint.warn(words)}`,
        ...(isOver && redriveCount && batches
          ? [paint.dim(redriveLine({ count: redriveCount, startedAt: '', state: null, batches }))]
          : []),
        ...(error === undefined ? [] : [paint.bad(printable(`${oneLine(cause ?? '')} (${error})`.trim()))]),
      ],
      paint,
    ),
    ...(mapRun ? [block('Map run', [counts.join(' · ')], paint)] : []),
    block('Execution', [executionArn], paint),
  ].join('\n\n')}\n`;
};
