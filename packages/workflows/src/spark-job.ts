import type { Choice, Pass, Task } from './asl.ts';
import { caughtBy, emrServerlessRetries, glueJobRetries } from './tasks.ts';

/** The job that runs the Spark program. `timeoutSeconds` is its own limit, from when its program starts. */
export type SparkJob =
  | {
      readonly kind: 'glue';
      /** Of a job without retries of Glue's: `.sync` is over with the first attempt, whatever becomes of the next. */
      readonly name: string;
      /**
       * A job like it, of which one run at a time is under way: a table on S3 may have one writer. Needed if a dataset has a
       * table; same limit, same log group.
       */
      readonly mergeName?: string;
      readonly timeoutSeconds: number;
      /** What its program prints is in a stream named by the job run: `…/output`. */
      readonly logGroup: string;
    }
  | {
      readonly kind: 'emr-serverless';
      readonly applicationId: string;
      readonly roleArn: string;
      /** Where the program is: `s3://…/job.py` */
      readonly entryPoint: string;
      /** What it is told beside `--run`. */
      readonly arguments: readonly string[];
      /** `--conf spark.executor.cores=4 …` */
      readonly sparkSubmitParameters: string;
      readonly timeoutSeconds: number;
      /** Where the service keeps what its program prints: `s3://…/`, and the key to encrypt it with. */
      readonly logs: { readonly uri: string; readonly keyArn: string };
    };

// Step Functions must not give up before the service reports the job's own timeout, which says more and does not count
// the minutes that workers take to come.
export const startSlackSeconds = 15 * 60;

export const runArgument = 'States.JsonToString($$.Execution.Input)';

/** A text of the language's own functions. Braces stay, since Terraform's references have some. */
const literal = (text: string): string => {
  if (/['\\]/.test(text)) throw new Error(`not an argument for a job: ${text}`);
  return `'${text}'`;
};

/** How a service is asked, and how the Cause of a job that failed there reads. */
interface Service {
  readonly task: Pick<Task<never>, 'Resource' | 'Parameters' | 'Retry'>;
  readonly report: {
    /** The whole Cause; any other is a plain text, or cut off. */
    readonly matches: string;
    /** Stands in for what is not told. */
    readonly unless: Readonly<Record<string, string>>;
    readonly cause: `States.Format(${string})`;
  };
}

const serviceOf = (job: SparkJob): Service => {
  switch (job.kind) {
    case 'glue':
      return {
        task: {
          Resource: 'arn:aws:states:::glue:startJobRun.sync',
          Parameters: { JobName: job.name, Arguments: { '--run.$': runArgument } },
          Retry: glueJobRetries,
        },
        report: {
          // A JobRun: https://docs.aws.amazon.com/glue/latest/webapi/API_JobRun.html. A stopped one has no ErrorMessage.
          matches: '{"*"Id":"*"JobRunState":"*}',
          unless: { ErrorMessage: 'The job did not say why', Id: '?', JobRunState: '?' },
          cause: `States.Format('{} (job run {} is {}; its log is the stream of that name in ${job.logGroup})', $.jobReport.run.ErrorMessage, $.jobReport.run.Id, $.jobReport.run.JobRunState)`,
        },
      };
    case 'emr-serverless':
      return {
        task: {
          Resource: 'arn:aws:states:::emr-serverless:startJobRun.sync',
          Parameters: {
            ApplicationId: job.applicationId,
            ExecutionRoleArn: job.roleArn,
            'Name.$': '$.runId',
            // Without a limit of its own a job has twelve hours.
            ExecutionTimeoutMinutes: Math.ceil(job.timeoutSeconds / 60),
            JobDriver: {
              SparkSubmit: {
                EntryPoint: job.entryPoint,
                'EntryPointArguments.$': `States.Array('--run', ${[runArgument, ...job.arguments.map(literal)].join(', ')})`,
                SparkSubmitParameters: job.sparkSubmitParameters,
              },
            },
            ConfigurationOverrides: {
              MonitoringConfiguration: {
                // Else EMR keeps logs for a month as well, under a key that is not ours.
                ManagedPersistenceMonitoringConfiguration: { Enabled: false },
                S3MonitoringConfiguration: { LogUri: job.logs.uri, EncryptionKeyArn: job.logs.keyArn },
              },
            },
          },
          Retry: emrServerlessRetries,
        },
        report: {
          // A JobRun: https://docs.aws.amazon.com/emr-serverless/latest/APIReference/API_JobRun.html
          matches: '{"A*"JobRunId":"*"StateDetails":"*}',
          unless: { StateDetails: 'The job did not say why', JobRunId: '?', State: '?', ApplicationId: '?' },
          // Where its log is: https://docs.aws.amazon.com/emr/latest/EMR-Serverless-UserGuide/logging.html
          cause: `States.Format('{} (job run {} is {}; its log is ${job.logs.uri}applications/{}/jobs/{}/SPARK_DRIVER/stderr.gz)', $.jobReport.run.StateDetails, $.jobReport.run.JobRunId, $.jobReport.run.State, $.jobReport.run.ApplicationId, $.jobReport.run.JobRunId)`,
        },
      };
  }
};

/**
 * Runs the job, whose program leaves its work below `staging/<run-id>/`; where, becomes `$.transform.result`. What a
 * failed job says of itself becomes the Cause of `$.error`, in one line; any other Cause goes on as it is.
 */
export const sparkJob = <const Next, const OnError>(parts: {
  readonly job: SparkJob;
  readonly curatedBucket: string;
  readonly next: Next;
  readonly onError: OnError;
}) => {
  const { job, curatedBucket, next, onError } = parts;
  const { task, report } = serviceOf(job);
  const unless = literal(JSON.stringify(report.unless)).replaceAll(/[{}]/g, String.raw`\$&`);
  const runJob: Task<Next | 'CheckJobReport'> = {
    Type: 'Task',
    Comment: 'Spark reads the object once, stages its rows and what there is to score.',
    ...task,
    ResultSelector: {
      result: {
        engine: 'spark',
        staged: {
          bucket: curatedBucket,
          'prefix.$': "States.Format('staging/{}/', $$.Execution.Input.runId)",
        },
      },
    },
    ResultPath: '$.transform',
    TimeoutSeconds: job.timeoutSeconds + startSlackSeconds,
    Catch: caughtBy('CheckJobReport'),
    Next: next,
  };
  const checkReport: Choice<'ReadJobReport' | OnError> = {
    Type: 'Choice',
    Comment: 'A job that ran and failed is told of as JSON; a job that was not started, in words.',
    Choices: [
      {
        And: [
          { Variable: '$.error.Error', StringEquals: 'States.TaskFailed' },
          { Variable: '$.error.Cause', IsPresent: true },
          { Variable: '$.error.Cause', StringMatches: report.matches },
        ],
        Next: 'ReadJobReport',
      },
    ],
    Default: onError,
  };
  const readReport: Pass<'ExplainJobFailure'> = {
    Type: 'Pass',
    Parameters: {
      'run.$': `States.JsonMerge(States.StringToJson(${unless}), States.StringToJson($.error.Cause), false)`,
    },
    ResultPath: '$.jobReport',
    Next: 'ExplainJobFailure',
  };
  const explain: Pass<OnError> = {
    Type: 'Pass',
    Parameters: { Error: 'SparkJobFailed', 'Cause.$': report.cause },
    ResultPath: '$.error',
    Next: onError,
  };
  return {
    RunETLJob: runJob,
    CheckJobReport: checkReport,
    ReadJobReport: readReport,
    ExplainJobFailure: explain,
  };
};
