import { defineStateMachine, type StateMachine } from './asl.ts';
import { failures, publication, refusal, run } from './endings.ts';
import { caughtBy, glueRetries, type LambdaFunction, lambdaTask } from './tasks.ts';

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
  readonly job: { readonly name: string; readonly timeoutSeconds: number };
  readonly topicArn: string;
  readonly curatedBucket: string;
  readonly limits: {
    /** Objects up to this size go to the Lambda engine, larger ones to Spark. */
    readonly lambdaMaxBytes: number;
    readonly crawlerCheckSeconds: number;
    /** After so many looks at a crawler that still runs, the run fails. */
    readonly crawlerMaxChecks: number;
  };
}

// A day for Spark's queue and for the crawler of a busy lake; a run that takes longer needs a person.
const executionSeconds = 24 * 60 * 60;

/** From a raw object to published rows: validate, discover, score, gate, transform, publish. */
export const etlDefinition = ({
  functions,
  crawlerPrefix,
  job,
  topicArn,
  curatedBucket,
  limits,
}: EtlParts): StateMachine =>
  defineStateMachine({
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
        Choices: [{ Variable: '$.validation.result.valid', BooleanEquals: true, Next: 'NeedsDiscovery' }],
        Default: 'QuarantineObject',
      },

      NeedsDiscovery: {
        Type: 'Choice',
        Choices: [
          { Variable: '$.validation.result.headerKnown', BooleanEquals: true, Next: 'RunDataQualityCheck' },
        ],
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
        Retry: glueRetries('Glue.CrawlerRunningException'),
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
        Retry: glueRetries('Glue.CrawlerRunningException'),
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
            Next: 'RunDataQualityCheck',
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

      RunDataQualityCheck: lambdaTask({
        comment: 'Profiles and scores the object. A scoring fault fails the run; it is never a score.',
        function: functions.scoreQuality,
        payload: run,
        resultPath: '$.quality',
        next: 'CheckDataQuality',
        onError: 'NotifyFailure',
      }),
      CheckDataQuality: {
        Type: 'Choice',
        Choices: [{ Variable: '$.quality.result.passed', BooleanEquals: true, Next: 'ChooseEngine' }],
        Default: 'QuarantineObject',
      },

      ...refusal(functions.publishRun),

      ChooseEngine: {
        Type: 'Choice',
        Choices: [
          {
            Variable: '$.object.size',
            NumericLessThanEquals: limits.lambdaMaxBytes,
            Next: 'TransformObject',
          },
        ],
        Default: 'RunETLJob',
      },
      TransformObject: lambdaTask({
        comment: 'DuckDB stages the rows.',
        function: functions.transformObject,
        payload: { ...run, 'quality.$': '$.quality.result' },
        resultPath: '$.transform',
        next: 'UpdateDataCatalog',
        onError: 'NotifyFailure',
      }),
      RunETLJob: {
        Type: 'Task',
        Comment: 'Spark stages the rows. Its counts are in its report; publishing reads them there.',
        Resource: 'arn:aws:states:::glue:startJobRun.sync',
        Parameters: {
          JobName: job.name,
          Arguments: {
            '--run.$': 'States.JsonToString($$.Execution.Input)',
            '--quality.$': 'States.JsonToString($.quality.result)',
          },
        },
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
        TimeoutSeconds: job.timeoutSeconds,
        Retry: glueRetries('Glue.ConcurrentRunsExceededException'),
        Catch: caughtBy('NotifyFailure'),
        Next: 'UpdateDataCatalog',
      },
      ...publication({
        publishRun: functions.publishRun,
        topicArn,
        quality: '$.quality.result',
        transform: '$.transform.result',
      }),

      ...failures(topicArn),
    },
  });
