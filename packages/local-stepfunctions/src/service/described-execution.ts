import type { ChildExecution } from '../distributed-map/support.ts';
import type { ExecutionRecord } from './execution-record.ts';
import type { ChildRecord } from './executions.ts';
import { epochSeconds } from './json-protocol.ts';

type IncludedData = 'ALL_DATA' | 'METADATA_ONLY';

interface ExecutionSummary {
  readonly executionArn: string;
  readonly stateMachineArn: string;
  readonly name: string;
  readonly mapRunArn?: string;
  readonly status: string;
  /** Seconds since the epoch, as all dates of the protocol. */
  readonly startDate: number;
  readonly stopDate?: number;
  readonly redriveCount: number;
  readonly redriveDate?: number;
}

/** An execution as DescribeExecution and ListExecutions show it, whoever started it. */
export interface DescribedExecution {
  readonly position: number;
  /** What both actions show. */
  readonly summary: ExecutionSummary;
  /** What only a description has; METADATA_ONLY leaves out the data. */
  details(includedData: IncludedData): object;
}

export function describeRecord(record: ExecutionRecord): DescribedExecution {
  const { position, arn, name, stateMachine, startDate, result, redriveDate } = record;
  return {
    position,
    summary: {
      executionArn: arn,
      stateMachineArn: stateMachine.arn,
      name,
      status: result?.status ?? 'RUNNING',
      ...dates(startDate, result?.stopDate),
      redriveCount: record.execution.redriveCount,
      ...(redriveDate === undefined ? {} : { redriveDate: epochSeconds(redriveDate) }),
    },
    details: (includedData) => ({ ...dataOf(record, includedData), ...redriveStatus(record.notRedrivable) }),
  };
}

export function describeChild({ position, child }: ChildRecord): DescribedExecution {
  const { status, startDate, stopDate, error, cause, output } = child;
  return {
    position,
    summary: {
      executionArn: child.executionArn,
      stateMachineArn: child.stateMachineArn,
      name: child.name,
      mapRunArn: child.mapRunArn,
      status,
      ...dates(startDate, stopDate),
      redriveCount: child.redriveCount,
      // Of an Express child AWS gives none.
      ...(child.redriveCount > 0 && !isExpress(child) ? { redriveDate: epochSeconds(startDate) } : {}),
    },
    details: (includedData) => ({
      ...failureOf({ error, cause }),
      ...childRedriveStatus(child),
      ...shown(
        includedData,
        JSON.stringify(child.input),
        output === undefined ? undefined : JSON.stringify(output),
      ),
    }),
  };
}

/** In what ResultWriter's files say of a child that did not succeed. */
function childRedriveStatus(child: ChildExecution): object {
  const { status } = child;
  if (status === 'RUNNING' || status === 'SUCCEEDED') {
    return redriveStatus(`Execution is ${status} and cannot be redriven`);
  }
  return isExpress(child) ? { redriveStatus: 'REDRIVABLE_BY_MAP_RUN' } : redriveStatus(undefined);
}

function isExpress({ executionArn }: ChildExecution): boolean {
  return executionArn.includes(':express:');
}

function redriveStatus(redriveStatusReason: string | undefined): object {
  return redriveStatusReason === undefined
    ? { redriveStatus: 'REDRIVABLE' }
    : { redriveStatus: 'NOT_REDRIVABLE', redriveStatusReason };
}

/** Input, output and failure of an execution that no Map Run started. */
export function dataOf({ input, result }: ExecutionRecord, includedData: IncludedData): object {
  const output = result?.status === 'SUCCEEDED' ? JSON.stringify(result.output) : undefined;
  return { ...failureOf(result ?? {}), ...shown(includedData, input, output) };
}

function failureOf({
  error,
  cause,
}: {
  readonly error?: string | undefined;
  readonly cause?: string | undefined;
}) {
  return { error, cause };
}

function shown(includedData: IncludedData, input: string, output: string | undefined): object {
  if (includedData === 'METADATA_ONLY') return {};
  const included = { included: true };
  return {
    input,
    inputDetails: included,
    ...(output === undefined ? {} : { output, outputDetails: included }),
  };
}

function dates(startDate: Date, stopDate: Date | undefined) {
  return {
    startDate: epochSeconds(startDate),
    ...(stopDate === undefined ? {} : { stopDate: epochSeconds(stopDate) }),
  };
}
