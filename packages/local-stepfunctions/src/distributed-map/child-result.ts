import type { Json, JsonObject } from '../json.ts';
import type { ExecutionType } from './distributed-map.ts';
import type { ChildStatus } from './map-run.ts';

/** How a child execution ended. */
export interface ChildResult {
  readonly index: number;
  readonly name: string;
  readonly input: Json;
  /** Items of the data set in the input. */
  readonly items: number;
  readonly status: ChildStatus;
  /** Undefined unless it succeeded. */
  readonly output: Json | undefined;
  readonly error: string | undefined;
  readonly cause: string | undefined;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly stoppedAt: number;
  readonly redriveCount: number;
}

/** What all children of a Map Run share. */
export interface ChildKind {
  readonly executionType: ExecutionType;
  readonly stateMachineArn: string;
  readonly executionArnOf: (name: string) => string;
}

const INCLUDED = { Included: true };

/** A child's result with Transformation NONE, in AWS's words and order. */
export function resultRecord(result: ChildResult, kind: ChildKind): JsonObject {
  const { status, error, cause, output } = result;
  return {
    ...(cause === undefined ? {} : { Cause: cause }),
    ...(error === undefined ? {} : { Error: error }),
    ExecutionArn: kind.executionArnOf(result.name),
    Input: JSON.stringify(result.input),
    InputDetails: INCLUDED,
    Name: result.name,
    ...(output === undefined ? {} : { Output: JSON.stringify(output), OutputDetails: INCLUDED }),
    RedriveCount: result.redriveCount,
    ...redriveStatus(status, kind.executionType),
    StartDate: new Date(result.startedAt).toISOString(),
    StateMachineArn: kind.stateMachineArn,
    Status: status,
    StopDate: new Date(result.stoppedAt).toISOString(),
  };
}

function redriveStatus(status: ChildStatus, type: ExecutionType): JsonObject {
  if (status === 'SUCCEEDED') {
    return {
      RedriveStatus: 'NOT_REDRIVABLE',
      RedriveStatusReason: 'Execution is SUCCEEDED and cannot be redriven',
    };
  }
  return { RedriveStatus: type === 'EXPRESS' ? 'REDRIVABLE_BY_MAP_RUN' : 'REDRIVABLE' };
}

/** A child that was never started has no name yet. */
export function pendingRecord(input: Json): JsonObject {
  return { Input: JSON.stringify(input), InputDetails: INCLUDED, Status: 'PENDING' };
}
