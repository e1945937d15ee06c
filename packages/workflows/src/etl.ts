import { defineStateMachine, type StateMachine } from './asl.ts';
import { failures, publication, refusal, run } from './endings.ts';
import { type SparkJob, sparkJob } from './spark-job.ts';
import { inFront, mergeRules, retractRules, tableJobs } from './table.ts';
import { caughtBy, crawlerRetries, type LambdaFunction, lambdaTask } from './tasks.ts';

/** What the state machine calls, and where it decides. */
export interface EtlParts {
  readonly functions: {
    readonly validateObject: LambdaFunction;
    readonly scoreQuality: LambdaFunction;
    readonly transformObject: LambdaFunction;
    readonly publishRun: LambdaFunction;
  };
  /** A dataset's crawler is called `<prefix><dataset>`. */
  readonly crawlerPrefix: string;
  readonly job: SparkJob;
  /** Datasets whose rows are kept in a Delta table: their objects go to Spark whatever their size. */
  readonly sparkDatasets: readonly string[];
  readonly topicArn: string;
  readonly curatedBucket: string;
  readonly limits: {
    /** Objects up to this size, in bytes, go to the Lambda engine, larger ones to Spark. */
    readonly lambdaMaxBytes: number;
    readonly crawlerCheckSeconds: number;
    /** After so many looks at a crawler that still runs, the run fails. */
    readonly crawlerMaxChecks: number;
  };
}

// A day for Spark's queue and for the crawler of a busy lake; a run that takes longer needs a person.
const executionSeconds = 24 * 60 * 60;

/**
 * From a raw object to published rows: validate, discover, score, gate, transform, publish. Spark transforms before its
 * rows are scored, so that it reads a large object once and no Lambda reads it at all. Rows for a table are merged behind
 * the gate.
 */
export const etlDefinition = ({
  functions,
  crawlerPrefix,
  job,
  sparkDatasets,
  topicArn,
  curatedBucket,
  limits,
}: EtlParts): StateMachine => {
  const machine = defineStateMachine({
    Comment: 'Takes one raw object to the curated zone, or to quarantine.',
    StartAt: 'ValidateInput',
    TimeoutSeconds: executionSeconds,
    States: {
      ValidateInput: lambdaTask({
        comment: 'Can this object be taken? Format, size, name, header.',
        function: functions.validateObject,
        payload: run,
        resultPath: '$.validation',
        next: 'CheckValidation',
        onError: 'NotifyFailure',
      }),
      CheckValidation: {
        Type: 'Choice',
        Choices: [
          { Variable: '$.validation.result.valid', BooleanEquals: true, Next: 'NeedsDiscovery' },
          ...retractRules(sparkDatasets),
        ],
        Default: 'QuarantineObject',
      },

      NeedsDiscovery: {
        Type: 'Choice',
        Choices: [{ Variable: '$.validation.result.headerKnown', BooleanEquals: true, Next: 'ChooseEngine' }],
        Default: 'RunDataDiscovery',
      },
      RunDataDiscovery: {
        Type: 'Task',
        Comment:
          'The header is new: let the crawler look. While it runs for somebody else, wait for our turn.',
        Resource: 'arn:aws:states:::aws-sdk:glue:startCrawler',
        Parameters: { 'Name.$': `States.Format('${crawlerPrefix}{}', $.dataset)` },
        ResultSelector: { checks: 0 },
        ResultPath: '$.discovery',
        TimeoutSeconds: 60,
        Retry: crawlerRetries,
        Catch: caughtBy('NotifyFailure'),
        Next: 'WaitForCrawler',
      },
      WaitForCrawler: { Type: 'Wait', Seconds: limits.crawlerCheckSeconds, Next: 'CheckCrawlerStatus' },
      CheckCrawlerStatus: {
        Type: 'Task',
        Resource: 'arn:aws:states:::aws-sdk:glue:getCrawler',
        Parameters: { 'Name.$': `States.Format('${crawlerPrefix}{}', $.dataset)` },
        ResultPath: '$.crawler',
        TimeoutSeconds: 60,
        Retry: crawlerRetries,
        Catch: caughtBy('NotifyFailure'),
        Next: 'IsCrawlerComplete',
      },
      IsCrawlerComplete: {
        Type: 'Choice',
        Comment: 'READY says only that the crawler has stopped; LastCrawl.Status says how.',
        Choices: [
          {
            And: [
              { Variable: '$.crawler.Crawler.State', StringEquals: 'READY' },
              { Variable: '$.crawler.Crawler.LastCrawl.Status', IsPresent: true },
              { Variable: '$.crawler.Crawler.LastCrawl.Status', StringEquals: 'SUCCEEDED' },
            ],
            Next: 'ChooseEngine',
          },
          {
            And: [
              { Variable: '$.crawler.Crawler.State', StringEquals: 'READY' },
              { Variable: '$.crawler.Crawler.LastCrawl.Status', IsPresent: true },
            ],
            Next: 'DiscoveryFailed',
          },
          {
            Variable: '$.discovery.checks',
            NumericGreaterThanEquals: limits.crawlerMaxChecks,
            Next: 'DiscoveryTimedOut',
          },
        ],
        Default: 'CountCrawlerCheck',
      },
      CountCrawlerCheck: {
        Type: 'Pass',
        Parameters: { 'checks.$': 'States.MathAdd($.discovery.checks, 1)' },
        ResultPath: '$.discovery',
        Next: 'WaitForCrawler',
      },
      DiscoveryFailed: {
        Type: 'Pass',
        Parameters: {
          Error: 'DiscoveryFailed',
          'Cause.$': `States.Format('The crawler ${crawlerPrefix}{} ended as {}.', $.dataset, $.crawler.Crawler.LastCrawl.Status)`,
        },
        ResultPath: '$.error',
        Next: 'NotifyFailure',
      },
      DiscoveryTimedOut: {
        Type: 'Pass',
        Parameters: {
          Error: 'DiscoveryTimedOut',
          'Cause.$': `States.Format('The crawler ${crawlerPrefix}{} is {} after {} checks.', $.dataset, $.crawler.Crawler.State, $.discovery.checks)`,
        },
        ResultPath: '$.error',
        Next: 'NotifyFailure',
      },

      ChooseEngine: {
        Type: 'Choice',
        Choices: engineRules(limits.lambdaMaxBytes, sparkDatasets),
        Default: 'RunETLJob',
      },
      RunDataQualityCheck: lambdaTask({
        comment: 'Profiles and scores the object. A scoring fault fails the run; it is never a score.',
        function: functions.scoreQuality,
        payload: run,
        resultPath: '$.quality',
        next: 'CheckDataQuality',
        onError: 'NotifyFailure',
      }),
      ...sparkJob({ job, curatedBucket, next: 'ScoreStagedRows', onError: 'NotifyFailure' }),
      ScoreStagedRows: lambdaTask({
        comment: 'Scores what Spark saw of the object.',
        function: functions.scoreQuality,
        payload: { ...run, 'staged.$': '$.transform.result.staged' },
        resultPath: '$.quality',
        next: 'CheckDataQuality',
        onError: 'NotifyFailure',
      }),
      CheckDataQuality: {
        Type: 'Choice',
        Comment: 'Of an object that Spark has read the rows are staged already.',
        Choices: inFront<'MergeTable' | 'RetractRows' | 'UpdateDataCatalog' | 'TransformObject'>(
          mergeRules(passed, sparkDatasets),
          { And: [passed, { Variable: '$.transform', IsPresent: true }], Next: 'UpdateDataCatalog' },
          { ...passed, Next: 'TransformObject' },
          ...retractRules(sparkDatasets),
        ),
        Default: 'QuarantineObject',
      },

      ...tableJobs({
        job,
        datasets: sparkDatasets,
        onMerged: 'UpdateDataCatalog',
        onRetracted: 'QuarantineObject',
        onError: 'CheckJobReport',
      }),
      ...refusal(functions.publishRun),

      TransformObject: lambdaTask({
        comment: 'DuckDB stages the rows.',
        function: functions.transformObject,
        payload: { ...run, 'quality.$': '$.quality.result' },
        resultPath: '$.transform',
        next: 'UpdateDataCatalog',
        onError: 'NotifyFailure',
      }),
      ...publication({
        publishRun: functions.publishRun,
        topicArn,
        quality: '$.quality.result',
        transform: '$.transform.result',
      }),

      ...failures(topicArn),
    },
  });
  if (sparkDatasets.length > 0) return machine;
  const { MergeTable: _merge, RetractRows: _retract, ...States } = machine.States;
  return { ...machine, States };
};

const passed = { Variable: '$.quality.result.passed', BooleanEquals: true } as const;

const engineRules = (lambdaMaxBytes: number, sparkDatasets: readonly string[]) => {
  const small = {
    Variable: '$.object.size',
    NumericLessThanEquals: lambdaMaxBytes,
    Next: 'RunDataQualityCheck',
  } as const;
  const [first, ...others] = sparkDatasets.map(
    (name) => ({ Variable: '$.dataset', StringEquals: name }) as const,
  );
  if (!first) return [small] as const;
  return [{ Or: [first, ...others], Next: 'RunETLJob' }, small] as const;
};
