import type { z } from 'zod';
import { type Log, outcomeLog } from './outcome-log.ts';
import { type Measure, pipelineMetrics } from './pipeline-metrics.ts';
import { tracing } from './tracing.ts';

/** The input does not have the shape of the step's contract; a retry will not help. */
export class InvalidInputError extends Error {
  // Step Functions matches Retry and Catch by this name, which a minifier must not change.
  override readonly name = 'InvalidInputError';
}

interface HandlerParts {
  readonly log: Log;
  readonly measure: Measure;
  /** Until Lambda stops the function. */
  readonly remainingMs: () => number;
}

interface HandlerDefinition<Schema extends z.ZodType, Output> {
  /** The Lambda's name, as its folder: `validate-object`. */
  readonly service: string;
  readonly input: Schema;
  /** Decides nothing: calls the use case, and logs its outcome with `log`. */
  readonly handle: (input: z.output<Schema>, parts: HandlerParts) => Promise<Output>;
}

/** What is used of Lambda's context. */
export interface InvocationContext {
  readonly awsRequestId: string;
  readonly getRemainingTimeInMillis: () => number;
}

/**
 * A Lambda handler: parses the event, and logs, measures and traces under the run's id and dataset, if the input has
 * them. Errors pass through with their names, for Step Functions to retry or catch; one line of log says where from.
 *
 * @example
 * export const handler = defineHandler({
 *   service: 'validate-object',
 *   input: validateObjectInput,
 *   handle: async (input, { log }) => {
 *     const result = await validateObject(input, deps);
 *     log(result.valid ? 'object_valid' : 'object_refused');
 *     return result;
 *   },
 * });
 */
export function defineHandler<Schema extends z.ZodType, Output>({
  service,
  input: schema,
  handle,
}: HandlerDefinition<Schema, Output>): (event: unknown, context: InvocationContext) => Promise<Output> {
  const { log, fault, addKeys, reset } = outcomeLog(service);
  const { measure, forDataset, publish } = pipelineMetrics();
  const trace = tracing(service);

  return async (event, context) => {
    const run = runOf(event);
    addKeys({ function_request_id: context.awsRequestId, ...run });
    if (run.dataset !== undefined) forDataset(run.dataset);
    try {
      return await trace(run, async () => {
        const parsed = schema.safeParse(event);
        if (!parsed.success) throw new InvalidInputError(invalidInput(service, parsed.error));
        return handle(parsed.data, { log, measure, remainingMs: () => context.getRemainingTimeInMillis() });
      });
    } catch (cause) {
      const error =
        cause instanceof Error ? cause : new Error(`${service} threw something that is no Error`, { cause });
      fault(error);
      throw error;
    } finally {
      publish();
      reset();
    }
  };
}

/** Zod's messages name what was expected, never what was there. */
function invalidInput(service: string, error: z.ZodError): string {
  const faults = error.issues.map(({ path, message }) => `${path.join('.') || 'the input'}: ${message}`);
  return `${service} cannot take this input. ${faults.join('; ')}`;
}

/** Read before parsing, so that the log line about an invalid input has them too. */
function runOf(event: unknown): { runId?: string; dataset?: string } {
  const run: { runId?: string; dataset?: string } = {};
  if (typeof event !== 'object' || event === null) return run;
  if ('runId' in event && typeof event.runId === 'string') run.runId = event.runId;
  if ('dataset' in event && typeof event.dataset === 'string' && event.dataset !== '')
    run.dataset = event.dataset;
  return run;
}
