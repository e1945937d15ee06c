import type { Json, JsonObject } from './json.ts';

/** What a handler is told about the task that it does. */
export interface TaskRun {
  /** The task's Resource, as the definition gives it. */
  readonly resource: string;
  readonly stateName: string;
  /** Aborted when the task timed out or what it belongs to was stopped; its outcome is ignored from then on. */
  readonly signal: AbortSignal;
  /** Starts the time of HeartbeatSeconds anew. */
  heartbeat(): void;
  /** The context object (`$$`), with Task.Token for a `.waitForTaskToken` resource. */
  readonly context: JsonObject;
}

/**
 * Does the work of a Task. It must not change its input: states share it. Its result is turned into JSON.
 * TaskError fails the state with that error; any other exception with its `name` as the error and its
 * message as the cause.
 */
export type TaskHandler = (input: Json, task: TaskRun) => Promise<unknown>;

/**
 * By what follows `arn:aws:states:::` in the Resource (`lambda:invoke`, `glue:startJobRun.sync`,
 * `aws-sdk:glue:startCrawler`), or by the whole ARN of a Lambda function or activity.
 */
export type TaskHandlers = Readonly<Record<string, TaskHandler>>;
