import type { Catcher } from './asl.ts';
import { type LambdaFunction, type Line, lambdaTask, notifyTask } from './tasks.ts';

// How runs end, in every state machine the same way: published, refused, failed; each with a notification.

/** Every step gets the run as it came in, and the answers of the steps before that it needs. */
export const run = {
  'runId.$': '$.runId',
  'dataset.$': '$.dataset',
  'asOf.$': '$.asOf',
  'object.$': '$.object',
} as const;

const objectLine: Line = [
  'Object: s3://{}/{} ({} bytes)',
  '$.object.bucket',
  '$.object.key',
  '$.object.size',
];
const manifestLine = (step: '$.publication' | '$.rejection'): Line => [
  'All of it: aws s3 cp s3://{}/{} -',
  `${step}.result.manifest.bucket`,
  `${step}.result.manifest.key`,
];

/** How an execution ends whose object was refused: the data's fault, not the lake's. Every other failure is the lake's. */
export const refusalErrors = { validation: 'ValidationFailed', quality: 'QualityBelowThreshold' } as const;

/** The object did not pass a gate. Leads on to `failures`. */
export const refusal = (publishRun: LambdaFunction) =>
  ({
    QuarantineObject: lambdaTask({
      comment:
        'Copies the object to quarantine, takes back what an earlier run of it published, and says why.',
      function: publishRun,
      payload: { action: 'reject', ...run, 'validation.$': '$.validation.result' },
      resultPath: '$.rejection',
      next: 'CheckRejection',
      onError: 'NotifyFailure',
    }),
    CheckRejection: {
      Type: 'Choice',
      Choices: [
        { Variable: '$.rejection.result.gate', StringEquals: 'quality', Next: 'NotifyQualityFailure' },
      ],
      Default: 'NotifyValidationFailure',
    },
  }) as const;

/** The rows are staged. `quality` and `transform` are where the document has the answers of those steps. */
export const publication = (parts: {
  readonly publishRun: LambdaFunction;
  readonly topicArn: string;
  readonly quality: `$.${string}`;
  readonly transform: `$.${string}`;
  /** Of publishing, that lead on to `failures`. Default: all. */
  readonly errors?: Catcher<never>['ErrorEquals'];
}) => {
  const { publishRun, topicArn, quality, transform, errors } = parts;
  return {
    UpdateDataCatalog: lambdaTask({
      comment: 'Publishes the staged rows, if every row that came in is accounted for.',
      function: publishRun,
      payload: {
        action: 'publish',
        ...run,
        'validation.$': '$.validation.result',
        'quality.$': quality,
        'transform.$': transform,
      },
      resultPath: '$.publication',
      next: 'NotifySuccess',
      onError: 'NotifyFailure',
      errors,
    }),

    NotifySuccess: notifyTask({
      topicArn,
      outcome: 'published',
      lines: [
        ['The dataset {} has new rows.', '$.dataset'],
        objectLine,
        ['Rows in: {}', '$.publication.result.counts.rowsIn'],
        ['Accepted: {}', '$.publication.result.counts.accepted'],
        ['Filtered: {}', '$.publication.result.counts.filtered'],
        ['Duplicates: {}', '$.publication.result.counts.duplicates'],
        ['Quarantined: {}', '$.publication.result.counts.quarantined'],
        ['Quality: {}', `${quality}.score`],
        manifestLine('$.publication'),
      ],
      next: 'Succeeded',
      onError: 'NotifyFailure',
    }),
    Succeeded: { Type: 'Succeed' },
  } as const;
};

/** What is told of a run that publishes nothing, and the errors that it ends in. */
export const failures = (topicArn: string) =>
  ({
    NotifyValidationFailure: notifyTask({
      topicArn,
      outcome: 'rejected',
      lines: [
        ['An object of the dataset {} was refused. None of its rows are published.', '$.dataset'],
        objectLine,
        ['Why: {} ({})', '$.rejection.result.message', '$.rejection.result.code'],
        ['The object is kept in quarantine. Send a corrected one; it starts a run of its own.'],
        manifestLine('$.rejection'),
      ],
      next: 'ValidationFailed',
      onError: 'ValidationFailed',
    }),
    ValidationFailed: {
      Type: 'Fail',
      Error: refusalErrors.validation,
      CausePath: '$.rejection.result.message',
    },

    NotifyQualityFailure: notifyTask({
      topicArn,
      outcome: 'rejected',
      lines: [
        [
          'An object of the dataset {} is below its quality threshold. None of its rows are published.',
          '$.dataset',
        ],
        objectLine,
        ['Why: {}', '$.rejection.result.message'],
        ['The object is kept in quarantine. Send a corrected one; it starts a run of its own.'],
        manifestLine('$.rejection'),
      ],
      next: 'QualityBelowThreshold',
      onError: 'QualityBelowThreshold',
    }),
    QualityBelowThreshold: {
      Type: 'Fail',
      Error: refusalErrors.quality,
      CausePath: '$.rejection.result.message',
    },

    NotifyFailure: notifyTask({
      topicArn,
      outcome: 'failed',
      lines: [
        ['A run of the dataset {} failed.', '$.dataset'],
        objectLine,
        // As JSON, since not every error has a Cause.
        ['Why: {}', 'States.JsonToString($.error)'],
        [
          'The object is still in the raw zone. Running it again is safe: it finishes the job or starts anew.',
        ],
        ['Execution: {}', '$$.Execution.Id'],
        ['Next: docs/runbooks/failed-runs.md'],
      ],
      next: 'PipelineFailed',
      onError: 'PipelineFailed',
    }),
    PipelineFailed: {
      Type: 'Fail',
      Error: 'PipelineFailed',
      CausePath: 'States.JsonToString($.error)',
    },
  }) as const;
