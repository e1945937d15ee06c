import { type CsvDelimiter, defineItemProcessor, defineStateMachine, type StateMachine } from './asl.ts';
import { csvMapMaxBytes } from './choice.ts';
import { failures, publication, refusal, run } from './endings.ts';
import { type LambdaFunction, lambdaTask, lastLambdaTask } from './tasks.ts';

/** What the state machine calls, and how it cuts objects into batches. */
export interface CsvMapParts {
  readonly functions: {
    readonly validateObject: LambdaFunction;
    readonly processRows: LambdaFunction;
    readonly recordFailedRows: LambdaFunction;
    readonly collectMapRun: LambdaFunction;
    readonly publishRun: LambdaFunction;
  };
  readonly topicArn: string;
  readonly curatedBucket: string;
  /** A reader's delimiter cannot be computed: one state machine serves the datasets of one delimiter. */
  readonly delimiter: CsvDelimiter;
  readonly map: CsvMapSettings;
}

export interface CsvMapSettings {
  /** STANDARD children have histories and cost by the state; EXPRESS ones cost by time and end after five minutes. */
  readonly executionType: 'STANDARD' | 'EXPRESS';
  readonly maxItemsPerBatch: number;
  /** At most `largestBatchBytes`. */
  readonly maxInputBytesPerBatch: number;
  readonly maxConcurrency: number;
  /** Of the rows, 0 to 100: how many may be in batches that ended in an error which no state could catch. */
  readonly toleratedFailurePercentage: number;
}

/**
 * A payload has at most 256 KiB. A batch is not all of it: what a task adds to it, and the error of a task that failed
 * (32 KiB), have to fit as well, or its failure could not be handled.
 * https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
 */
export const largestBatchBytes = 220 * 1024;

/** Part of the ARN of every child, and of the name under which children count in CloudWatch. */
export const mapLabel = 'ProcessCsvRows';

/** The same answer for each format that Step Functions' own reader of CSV cannot read. */
const unsuited = {
  Type: 'Pass',
  Parameters: {
    Error: 'NotForCsvMap',
    'Cause.$':
      "States.Format('{} is not plain CSV of at most 10 GB, and the reader of csv-map reads nothing else. Run it through etl.', $.object.key)",
  },
  ResultPath: '$.error',
  Next: 'NotifyFailure',
} as const;

const batch = {
  'runId.$': '$.BatchInput.runId',
  'dataset.$': '$.BatchInput.dataset',
  'asOf.$': '$.BatchInput.asOf',
  'object.$': '$.BatchInput.object',
  'items.$': '$.Items',
} as const;

const itemProcessor = (
  { processRows, recordFailedRows }: CsvMapParts['functions'],
  ExecutionType: CsvMapSettings['executionType'],
) =>
  defineItemProcessor({
    ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType },
    StartAt: 'ProcessRows',
    States: {
      ProcessRows: lastLambdaTask({
        comment: 'Takes each row to its fate. A bad row is no error; what is caught here is a fault.',
        function: processRows,
        payload: batch,
        onError: 'RecordFailedRows',
      }),
      // If even this fails, the child fails, and counts against what is tolerated.
      RecordFailedRows: lastLambdaTask({
        comment: 'Quarantines the rows of a batch that failed for good. The batch is then handled.',
        function: recordFailedRows,
        payload: { ...batch, 'error.$': '$.error.Error' },
      }),
    },
  });

/**
 * Errors of the steps after the Map that a redrive could only meet again: what batches made does not fit together. Any
 * other one ends the execution in the step that failed, and a redrive goes on there, the work of the batches being done.
 */
const beyondRedrive = {
  collectMapRun: ['ReaderDisagreement', 'MapRunIncomplete', 'MixedParts', 'BrokenPart'],
  updateDataCatalog: ['LawViolation'],
} as const;

// Children have a day, their waits for retries included; a run that takes longer needs a person.
const executionSeconds = 24 * 60 * 60;

/** From a raw CSV object that is too large for one function to published rows: a Distributed Map over its rows. */
export const csvMapDefinition = (parts: CsvMapParts): StateMachine => {
  const { functions, topicArn, curatedBucket, delimiter, map } = parts;
  if (map.maxInputBytesPerBatch > largestBatchBytes)
    throw new RangeError(
      `A batch of ${map.maxInputBytesPerBatch} bytes leaves no room in a payload of 256 KiB; at most ${largestBatchBytes}.`,
    );
  const quality = '$.collection.result.quality';
  return defineStateMachine({
    Comment: 'Takes one large raw CSV object to the curated zone, or to quarantine, in batches of rows.',
    StartAt: 'ValidateInput',
    TimeoutSeconds: executionSeconds,
    States: {
      ValidateInput: lambdaTask({
        comment: 'Can this object be taken? Format, size, name, header.',
        function: functions.validateObject,
        payload: { ...run, workflow: 'csv-map' },
        resultPath: '$.validation',
        next: 'CheckValidation',
        onError: 'NotifyFailure',
      }),
      CheckValidation: {
        Type: 'Choice',
        Choices: [{ Variable: '$.validation.result.valid', BooleanEquals: true, Next: 'CheckFormat' }],
        Default: 'QuarantineObject',
      },
      CheckFormat: {
        Type: 'Choice',
        Choices: [
          { Variable: '$.validation.result.gzipped', IsPresent: true, Next: 'UnsuitedFormat' },
          { Variable: '$.object.size', NumericGreaterThan: csvMapMaxBytes, Next: 'UnsuitedFormat' },
          { Variable: '$.validation.result.format', StringEquals: 'csv', Next: 'LocateVersion' },
        ],
        Default: 'UnsuitedFormat',
      },
      UnsuitedFormat: unsuited,

      LocateVersion: {
        Type: 'Pass',
        Comment: 'S3 calls the one version of an object in a bucket without versions null.',
        Parameters: {
          'object.$': `States.JsonMerge(States.StringToJson('\\{"versionId":"null"\\}'), $.object, false)`,
        },
        ResultPath: '$.source',
        Next: 'ProcessCsvRows',
      },
      ProcessCsvRows: {
        Type: 'Map',
        Comment: 'Each batch of rows has an execution of its own, which stages what became of them.',
        Label: mapLabel,
        ItemReader: {
          Resource: 'arn:aws:states:::s3:getObject',
          ReaderConfig: { InputType: 'CSV', CSVHeaderLocation: 'FIRST_ROW', CSVDelimiter: delimiter },
          Parameters: {
            'Bucket.$': '$.source.object.bucket',
            'Key.$': '$.source.object.key',
            'VersionId.$': '$.source.object.versionId',
          },
        },
        // A batch does not say where in the object its items are: each brings its own place, from 0.
        ItemSelector: { 'row.$': '$$.Map.Item.Index', 'cells.$': '$$.Map.Item.Value' },
        ItemBatcher: {
          MaxItemsPerBatch: map.maxItemsPerBatch,
          MaxInputBytesPerBatch: map.maxInputBytesPerBatch,
          BatchInput: run,
        },
        MaxConcurrency: map.maxConcurrency,
        ToleratedFailurePercentage: map.toleratedFailurePercentage,
        ItemProcessor: itemProcessor(functions, map.executionType),
        ResultWriter: {
          Resource: 'arn:aws:states:::s3:putObject',
          Parameters: { Bucket: curatedBucket, 'Prefix.$': "States.Format('map-results/{}', $.runId)" },
          // Of a child that succeeded its answer and not its input, which are the rows. Failed ones come whole.
          WriterConfig: { Transformation: 'COMPACT', OutputType: 'JSONL' },
        },
        ResultPath: '$.map',
        // An execution that ends here can be redriven: only batches that failed or never started are run then. A state
        // whose error was caught is over. So that is done only with an object that the reader would fail at again.
        // https://docs.aws.amazon.com/step-functions/latest/dg/redrive-map-run.html
        Catch: [{ ErrorEquals: ['States.ItemReaderFailed'], ResultPath: '$.error', Next: 'NotifyFailure' }],
        Next: 'CollectMapRun',
      },
      CollectMapRun: lambdaTask({
        comment: 'Puts the batches together, if every row of the object is in them, and scores the whole.',
        function: functions.collectMapRun,
        payload: {
          ...run,
          results: {
            'bucket.$': '$.map.ResultWriterDetails.Bucket',
            'key.$': '$.map.ResultWriterDetails.Key',
          },
        },
        resultPath: '$.collection',
        next: 'CheckDataQuality',
        onError: 'NotifyFailure',
        errors: beyondRedrive.collectMapRun,
      }),
      CheckDataQuality: {
        Type: 'Choice',
        Choices: [{ Variable: `${quality}.passed`, BooleanEquals: true, Next: 'UpdateDataCatalog' }],
        Default: 'QuarantineObject',
      },

      ...refusal(functions.publishRun),

      ...publication({
        publishRun: functions.publishRun,
        topicArn,
        quality,
        transform: '$.collection.result.transform',
        errors: beyondRedrive.updateDataCatalog,
      }),

      ...failures(topicArn),
    },
  });
};
