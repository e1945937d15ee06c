import { randomUUID } from 'node:crypto';
import { type InvocationOutcome, readResponse } from './handler-outcome.ts';
import { type KinesisEvent, kinesisEvent, type ShardSource, type StreamRecord } from './stream-record.ts';

/** What a handler may use of Lambda's context. */
export interface InvocationContext {
  readonly awsRequestId: string;
  readonly functionName: string;
  readonly invokedFunctionArn: string;
  readonly getRemainingTimeInMillis: () => number;
}

export type KinesisHandler = (event: KinesisEvent, context: InvocationContext) => Promise<unknown>;

export interface MappedFunction {
  readonly handler: KinesisHandler;
  readonly functionName: string;
  readonly functionArn: string;
  readonly timeoutMs: number;
  readonly reportBatchItemFailures: boolean;
}

export interface Invocation {
  readonly requestId: string;
  readonly outcome: InvocationOutcome;
  readonly milliseconds: number;
}

/** One invocation. A handler that is too late counts as failed; it cannot be stopped, and what it does later stands. */
export async function invokeFunction(
  records: readonly StreamRecord[],
  source: ShardSource,
  { handler, functionName, functionArn, timeoutMs, reportBatchItemFailures }: MappedFunction,
): Promise<Invocation> {
  const requestId = randomUUID();
  const startedAt = performance.now();
  const context: InvocationContext = {
    awsRequestId: requestId,
    functionName,
    invokedFunctionArn: functionArn,
    getRemainingTimeInMillis: () => Math.max(0, timeoutMs - (performance.now() - startedAt)),
  };

  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`Task timed out after ${(timeoutMs / 1000).toFixed(2)} seconds`)),
      timeoutMs,
    );
  });
  let outcome: InvocationOutcome;
  try {
    const answer = (async () => handler(kinesisEvent(records, source), context))();
    const response = await Promise.race([answer, late]);
    outcome = reportBatchItemFailures ? readResponse(response, records) : { kind: 'succeeded' };
  } catch (error) {
    outcome = {
      kind: 'failed',
      functionError: true,
      error: error instanceof Error ? error : new Error(String(error)),
    };
  } finally {
    clearTimeout(timer);
  }
  return { requestId, outcome, milliseconds: performance.now() - startedAt };
}
