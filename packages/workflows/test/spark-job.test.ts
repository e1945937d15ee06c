import { describe, expect, test } from '@jest/globals';
import {
  createVirtualClock,
  type Json,
  loadDefinition,
  startExecution,
  TaskError,
  type TaskHandler,
} from '@sluice/local-stepfunctions';
import { exampleEmrServerless, exampleParts } from '../generate/artefacts.ts';
import { type EtlParts, etlDefinition } from '../src/index.ts';

const glue = exampleParts.job;
const emrServerless = exampleEmrServerless;

const run = {
  runId: 'orders-3f9a1c07d2e84b56',
  dataset: 'orders',
  asOf: '2026-11-21T14:00:00Z',
  object: { bucket: 'raw', key: 'incoming/orders/large.csv', size: 2 ** 33, etag: '9b2cf535f2' },
};

/** What Step Functions gives as the Cause of a job run that failed, as of a real one but for its names and times. */
const failedGlueRun = {
  AllocatedCapacity: 12,
  Arguments: { '--run': '{"runId":"orders-3f9a1c07d2e84b56"}' },
  Attempt: 0,
  CompletedOn: 1658743757541,
  DPUSeconds: 240,
  ErrorMessage: 'RuntimeError: stage dedupe: no space left on device',
  ExecutionTime: 53,
  GlueVersion: '5.1',
  Id: 'jr_21e3085332b17768c24bf9d8c26378c4bf5f9a7c17ae6e6e2a5dbc6ff0fb36e4',
  JobName: 'sluice-transform',
  JobRunState: 'FAILED',
  LastModifiedOn: 1658743757541,
  LogGroupName: '/aws-glue/jobs',
  MaxCapacity: 12,
  NumberOfWorkers: 6,
  PredecessorRuns: [],
  StartedOn: 1658743679354,
  Timeout: 2880,
  WorkerType: 'G.2X',
};

/** As Step Functions tells of it. */
const taskFailed = (jobRun: Json): TaskError => new TaskError('States.TaskFailed', JSON.stringify(jobRun));

interface Scene {
  readonly job?: EtlParts['job'];
  readonly bytes?: number;
  /** Is the attempt of that number, from 1. */
  readonly runJob?: (attempt: number, sleep: (seconds: number) => Promise<void>) => Promise<Json>;
}

/** Runs the state machine with a job that behaves so, and steps that only answer. */
const execute = async ({ job = glue, bytes = run.object.size, runJob = async () => ({}) }: Scene) => {
  const clock = createVirtualClock(Date.parse(run.asOf));
  const steps: { readonly step: string; readonly input: Json }[] = [];
  const jobs: Json[] = [];
  const told: string[] = [];
  const answers: Readonly<Record<string, Json>> = {
    'validate-object': { valid: true, headerKnown: true },
    'score-quality': { passed: true, score: 91.5 },
    'transform-object': { engine: 'duckdb' },
    'publish-run': {
      counts: { rowsIn: 1, accepted: 1, filtered: 0, duplicates: 0, quarantined: 0 },
      manifest: { bucket: 'curated', key: 'runs/orders/1.json' },
    },
  };
  const startJobRun: TaskHandler = async (input, { signal }) => {
    jobs.push(input);
    return runJob(jobs.length, (seconds) => clock.sleep(seconds * 1000, signal));
  };
  const execution = startExecution(loadDefinition(etlDefinition({ ...exampleParts, job })), {
    name: run.runId,
    input: { ...run, object: { ...run.object, size: bytes } },
    clock,
    random: () => 1,
    handlers: {
      'lambda:invoke': async (input) => {
        const [, step = ''] = /function:sluice-([a-z-]+)/.exec(JSON.stringify(input)) ?? [];
        steps.push({ step, input });
        return { Payload: answers[step] ?? null };
      },
      'aws-sdk:glue:startCrawler': async () => ({}),
      'aws-sdk:glue:getCrawler': async () => ({}),
      [job.kind === 'glue' ? 'glue:startJobRun.sync' : 'emr-serverless:startJobRun.sync']: startJobRun,
      'sns:publish': async (input) => {
        told.push(JSON.stringify(input));
        return {};
      },
    },
  });
  const result = await execution.result;
  const hours = (result.stopDate.getTime() - result.startDate.getTime()) / 3_600_000;
  return { result, steps, jobs, told, hours };
};

/** What the Fail state says, and the notification with it. */
const failureOf = async (scene: Scene): Promise<{ readonly Error: string; readonly Cause: string }> => {
  const { result, told } = await execute(scene);
  if (result.status !== 'FAILED') throw new Error(`${result.status}, not FAILED`);
  expect(result.error).toBe('PipelineFailed');
  const cause = result.cause ?? '';
  expect(told).toEqual([expect.stringContaining(JSON.stringify(cause).slice(1, -1))]);
  return JSON.parse(cause);
};

describe.each([
  ['Glue', glue],
  ['EMR Serverless', emrServerless],
])('an object for Spark on %s', (_service, job) => {
  test('is read by nobody else: what Spark saw of it is scored, and what it staged is published', async () => {
    const { result, steps } = await execute({ job });
    expect(result.status).toBe('SUCCEEDED');
    expect(steps.map(({ step }) => step)).toEqual(['validate-object', 'score-quality', 'publish-run']);
    const staged = { bucket: exampleParts.curatedBucket, prefix: `staging/${run.runId}/` };
    expect(steps[1]?.input).toMatchObject({ Payload: { ...run, staged } });
    expect(steps[2]?.input).toMatchObject({
      Payload: { action: 'publish', transform: { engine: 'spark', staged } },
    });
  });

  test('is given up on some time after the service would have', async () => {
    const { timeoutSeconds } = job;
    const took = (seconds: number) => async (_attempt: number, sleep: (seconds: number) => Promise<void>) => {
      await sleep(seconds);
      return {};
    };
    expect((await execute({ job, runJob: took(timeoutSeconds + 60) })).result.status).toBe('SUCCEEDED');
    expect(await failureOf({ job, runJob: took(timeoutSeconds + 3_600) })).toMatchObject({
      Error: 'States.Timeout',
    });
  });
});

test('an object for DuckDB is scored before it is transformed', async () => {
  const { jobs, steps } = await execute({ bytes: exampleParts.limits.lambdaMaxBytes });
  expect(jobs).toEqual([]);
  expect(steps.map(({ step }) => step)).toEqual([
    'validate-object',
    'score-quality',
    'transform-object',
    'publish-run',
  ]);
  expect(JSON.stringify(steps[1]?.input)).not.toContain('staged');
});

test('a job is told of its run as the execution was', async () => {
  const { jobs } = await execute({});
  expect(jobs).toEqual([{ JobName: 'sluice-transform', Arguments: { '--run': JSON.stringify(run) } }]);
});

test('a job of EMR Serverless is told where its program is and what that needs, beside the run', async () => {
  const { jobs } = await execute({ job: emrServerless });
  expect(jobs).toEqual([
    {
      ApplicationId: '00f1r1uh9g8lm701',
      ExecutionRoleArn: 'arn:aws:iam::123456789012:role/sluice-spark',
      Name: run.runId,
      ExecutionTimeoutMinutes: 120,
      JobDriver: {
        SparkSubmit: {
          EntryPoint: 's3://sluice-scripts/spark/job.py',
          EntryPointArguments: [
            ...['--run', JSON.stringify(run)],
            ...['--plans', 's3://sluice-scripts/spark/plans/', '--curated-bucket', 'sluice-curated'],
          ],
          SparkSubmitParameters: '--conf spark.executor.cores=4',
        },
      },
      ConfigurationOverrides: {
        MonitoringConfiguration: {
          ManagedPersistenceMonitoringConfiguration: { Enabled: false },
          S3MonitoringConfiguration: {
            LogUri: 's3://sluice-scripts/spark-logs/',
            EncryptionKeyArn: 'arn:aws:kms:eu-central-1:123456789012:key/1',
          },
        },
      },
    },
  ]);
});

test('a text that would end its literal is no argument for a job', () => {
  const job = { ...emrServerless, arguments: ["it's"] };
  expect(() => etlDefinition({ ...exampleParts, job })).toThrow("not an argument for a job: it's");
});

describe('a job that is not started', () => {
  test('is asked for again for hours while others are at work', async () => {
    const busy = new TaskError('Glue.ConcurrentRunsExceededException', 'Concurrent runs exceeded for sluice');
    const { result, jobs, hours } = await execute({
      runJob: async (attempt) => {
        if (attempt <= 40) throw busy;
        return {};
      },
    });
    expect(result.status).toBe('SUCCEEDED');
    expect(jobs).toHaveLength(41);
    expect(hours).toBeGreaterThan(6);
  });

  test('is asked for again when Glue is throttled', async () => {
    const { result, jobs } = await execute({
      runJob: async (attempt) => {
        if (attempt === 1) throw new TaskError('Glue.ThrottlingException', 'Rate exceeded');
        return {};
      },
    });
    expect(result.status).toBe('SUCCEEDED');
    expect(jobs).toHaveLength(2);
  });

  test.each([
    [
      'Glue.AccessDeniedException',
      'User: sluice is not authorized to perform: glue:StartJobRun on resource: x',
    ],
    ['States.TaskFailed', 'Step Functions is not authorized to make calls to Glue'],
    ['States.TaskFailed', '{"Id":"jr_1","JobRunState":"FAILED","ErrorMessage":"cut off in the mid'],
    ['States.TaskFailed', '{"Other":"shape"}'],
  ])('is told of in the words of %s: %s', async (error, cause) => {
    const failure = await failureOf({
      runJob: async () => {
        throw new TaskError(error, cause);
      },
    });
    expect(failure).toEqual({ Error: error, Cause: cause });
  });

  test('is told of without words', async () => {
    const failure = await failureOf({
      runJob: async () => {
        throw new TaskError('States.TaskFailed');
      },
    });
    expect(failure).toMatchObject({ Error: 'States.TaskFailed' });
  });
});

describe('a job that ran and failed', () => {
  const failing = (job: EtlParts['job'], jobRun: Json) => {
    let attempts = 0;
    const failure = failureOf({
      job,
      runJob: async () => {
        attempts += 1;
        throw taskFailed(jobRun);
      },
    });
    return failure.then((found) => ({ ...found, attempts }));
  };

  test('is told of in one line: why, which job run, and where its log is', async () => {
    expect(await failing(glue, failedGlueRun)).toMatchObject({
      Error: 'SparkJobFailed',
      Cause:
        'RuntimeError: stage dedupe: no space left on device (job run jr_21e3085332b17768c24bf9d8c26378c4bf5f9a7c17ae6e6e2a5dbc6ff0fb36e4 is FAILED; its log is the stream of that name in /aws-glue/jobs/output)',
    });
  });

  test('is not run again: it would fail, and cost, as much', async () => {
    expect(await failing(glue, failedGlueRun)).toMatchObject({ attempts: 1 });
  });

  test('is told of by its state if it did not say why, as one that ran out of time', async () => {
    const { ErrorMessage: _none, ...silent } = failedGlueRun;
    const { Cause } = await failing(glue, { ...silent, JobRunState: 'TIMEOUT' });
    expect(Cause).toMatch(/^The job did not say why \(job run jr_21e3085\w+ is TIMEOUT; /);
  });

  test('is told of on EMR Serverless, too', async () => {
    const jobRun = {
      ApplicationId: '00f1r1uh9g8lm701',
      Arn: 'arn:aws:emr-serverless:eu-central-1:123456789012:/applications/00f1r1uh9g8lm701/jobruns/00f1r2',
      JobRunId: '00f1r2',
      State: 'FAILED',
      StateDetails: 'Job failed, please check complete logs in configured logging destination. ExitCode: 1.',
    };
    const { Cause } = await failing(emrServerless, jobRun);
    expect(Cause).toBe(
      `${jobRun.StateDetails} (job run 00f1r2 is FAILED; its log is s3://sluice-scripts/spark-logs/applications/00f1r1uh9g8lm701/jobs/00f1r2/SPARK_DRIVER/stderr.gz)`,
    );
  });

  test('leaves rows that nobody publishes', async () => {
    const { steps } = await execute({
      runJob: async () => {
        throw taskFailed(failedGlueRun);
      },
    });
    expect(steps.map(({ step }) => step)).toEqual(['validate-object']);
  });
});
