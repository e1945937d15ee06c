import type { Catcher, Computed, LastTask, Retrier, Task, Template } from './asl.ts';

/** A deployed Lambda function. */
export interface LambdaFunction {
  readonly arn: string;
  /** The function's own timeout. */
  readonly timeoutSeconds: number;
}

const retry = (
  ErrorEquals: Retrier['ErrorEquals'],
  attempts: Pick<Retrier, 'IntervalSeconds' | 'MaxAttempts' | 'MaxDelaySeconds'>,
): Retrier => ({ ErrorEquals, ...attempts, BackoffRate: 2, JitterStrategy: 'FULL' });

/**
 * What Lambda's own service throws, as AWS lists it for this purpose, and a function that was too slow or died. Every
 * step may run twice. An error that a step threw itself is not here: the next try would throw it again.
 * https://docs.aws.amazon.com/step-functions/latest/dg/sfn-best-practices.html#bp-lambda-serviceexception
 * One whose process was killed is in that list under `Lambda.Unknown` only; today's runtimes name it themselves.
 */
const lambdaRetries = [
  retry(
    [
      'Lambda.ClientExecutionTimeoutException',
      'Lambda.ServiceException',
      'Lambda.AWSLambdaException',
      'Lambda.SdkClientException',
      'Lambda.TooManyRequestsException',
    ],
    { IntervalSeconds: 2, MaxAttempts: 6, MaxDelaySeconds: 60 },
  ),
  retry(['States.Timeout', 'Sandbox.Timedout', 'Runtime.ExitError', 'Lambda.Unknown'], {
    IntervalSeconds: 10,
    MaxAttempts: 2,
    MaxDelaySeconds: 60,
  }),
] as const;

// The optimized integration names some of Glue's errors after its client only.
const glueTransient = [
  'Glue.AWSGlueException',
  'Glue.ThrottlingException',
  'Glue.OperationTimeoutException',
  'Glue.InternalServiceException',
  'Glue.SdkClientException',
] as const;

const ofGlueItself = retry(glueTransient, { IntervalSeconds: 5, MaxAttempts: 6, MaxDelaySeconds: 60 });

/** Retries for a crawler: one that is at work for somebody else, and Glue's transient errors. */
export const crawlerRetries = [
  retry(['Glue.CrawlerRunningException'], { IntervalSeconds: 30, MaxAttempts: 20, MaxDelaySeconds: 300 }),
  ofGlueItself,
] as const;

/**
 * Retries for a job that is not started: as many runs as it may have, or as many workers as the account may, are at work
 * on other objects. They may take hours; with full jitter, 150 attempts wait about twelve. A job that ran and failed is
 * not run again: Spark has retried its tasks, and the next run would cost as much.
 */
export const glueJobRetries = [
  retry(['Glue.ConcurrentRunsExceededException', 'Glue.ResourceNumberLimitExceededException'], {
    IntervalSeconds: 60,
    MaxAttempts: 150,
    MaxDelaySeconds: 600,
  }),
  ofGlueItself,
] as const;

/** EMR Serverless queues jobs by itself. Its integration's prefix is in no documentation: either may be right. */
export const emrServerlessRetries = [
  retry(
    [
      'EMRServerless.ThrottlingException',
      'EMRServerless.InternalServerException',
      'EmrServerless.ThrottlingException',
      'EmrServerless.InternalServerException',
    ],
    { IntervalSeconds: 5, MaxAttempts: 6, MaxDelaySeconds: 60 },
  ),
] as const;

export const caughtBy = <const Name>(
  Next: Name,
  ErrorEquals: Catcher<Name>['ErrorEquals'] = ['States.ALL'],
): readonly [Catcher<Name>] => [{ ErrorEquals, ResultPath: '$.error', Next }];

// Step Functions must not give up before Lambda reports the function's own timeout, which says more.
const invokeSlackSeconds = 15;

interface Invocation {
  readonly comment: string;
  readonly function: LambdaFunction;
  readonly payload: Template;
}

const invocation = <const Path>({ comment, function: of, payload }: Invocation, resultPath: Path) =>
  ({
    Type: 'Task',
    Comment: comment,
    Resource: 'arn:aws:states:::lambda:invoke',
    Parameters: { FunctionName: of.arn, Payload: payload },
    // The invocation's HTTP metadata stays out of the document, which is limited to 256 KiB.
    ResultSelector: { 'result.$': '$.Payload' },
    ResultPath: resultPath,
    TimeoutSeconds: of.timeoutSeconds + invokeSlackSeconds,
    Retry: lambdaRetries,
  }) as const;

/** Invokes a function; its answer becomes `<resultPath>.result`. */
export const lambdaTask = <const Next, const OnError>(
  task: Invocation & {
    readonly resultPath: `$.${string}`;
    readonly next: Next;
    readonly onError: OnError;
    /** Default: all. Any other one ends the execution, which can be redriven from here. */
    readonly errors?: Catcher<OnError>['ErrorEquals'] | undefined;
  },
): Task<Next | OnError> => ({
  ...invocation(task, task.resultPath),
  Catch: caughtBy<Next | OnError>(task.onError, task.errors),
  Next: task.next,
});

/**
 * A batch's function throws faults only, since a bad row is no error: a store or a table that is busy, say. Most are over
 * after some seconds, and the next thing would be to set rows aside that nothing is wrong with.
 */
const batchRetries = [
  ...lambdaRetries,
  retry(['States.TaskFailed'], { IntervalSeconds: 2, MaxAttempts: 3, MaxDelaySeconds: 30 }),
] as const;

/** Ends a batch: hands on `{"result": <the function's answer>}` and nothing of the batch. */
export const lastLambdaTask = <const OnError = never>(
  task: Invocation & { readonly onError?: OnError },
): LastTask<OnError> => ({
  ...invocation(task, '$'),
  Retry: batchRetries,
  ...(task.onError !== undefined && { Catch: caughtBy(task.onError) }),
  End: true,
});

/** One line of a notification: a text whose `{}` stand for the values, in this order. */
export type Line = readonly [text: string, ...values: Computed[]];

/** `States.Format` over all lines. A quote or a backslash would end or bend its literal, a brace other than `{}` too. */
const format = (lines: readonly Line[]): `States.Format(${string})` => {
  const text = lines.map(([line]) => line).join('\n');
  if (/['\\]|\{(?!\})|(?<!\{)\}/.test(text)) throw new Error(`not a text for States.Format: ${text}`);
  const values = lines.flatMap(([, ...rest]) => rest);
  if (text.split('{}').length - 1 !== values.length) throw new Error(`as many {} as values, please: ${text}`);
  return `States.Format(${[`'${text}'`, ...values].join(', ')})`;
};

/**
 * Publishes to a topic; a notification that cannot be sent leads to `onError`. SNS takes subjects of at most 100 ASCII
 * characters: `outcome` and a run id, which has at most 80, fit.
 */
export const notifyTask = <const Next, const OnError>(task: {
  readonly topicArn: string;
  readonly outcome: 'published' | 'rejected' | 'failed';
  readonly lines: readonly Line[];
  readonly next: Next;
  readonly onError: OnError;
}): Task<Next | OnError> => ({
  Type: 'Task',
  Resource: 'arn:aws:states:::sns:publish',
  Parameters: {
    TopicArn: task.topicArn,
    'Subject.$': format([[`Sluice ${task.outcome}: {}`, '$.runId']]),
    'Message.$': format(task.lines),
    // What subscribers can filter by.
    MessageAttributes: {
      outcome: { DataType: 'String', StringValue: task.outcome },
      dataset: { DataType: 'String', 'StringValue.$': '$.dataset' },
    },
  },
  ResultPath: null,
  TimeoutSeconds: 30,
  // Whatever went wrong: sending a message once more does no harm.
  Retry: [retry(['States.ALL'], { IntervalSeconds: 2, MaxAttempts: 4, MaxDelaySeconds: 30 })],
  Catch: caughtBy<Next | OnError>(task.onError),
  Next: task.next,
});
