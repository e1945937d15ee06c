/**
 * List prices in US dollars, without free tiers and discounts. For estimates only: nothing else may depend on them. They
 * change, and are others in other regions: look at the sources before you rely on one.
 */
export const prices = {
  region: 'eu-central-1',
  /** The month of the newest statement of them that we have seen. */
  asOf: '2026-09',
  sources: [
    'https://aws.amazon.com/step-functions/pricing/',
    'https://aws.amazon.com/lambda/pricing/',
    'https://aws.amazon.com/s3/pricing/',
    'https://aws.amazon.com/kms/pricing/',
    'https://aws.amazon.com/cloudwatch/pricing/',
    'https://aws.amazon.com/privatelink/pricing/',
    'https://aws.amazon.com/glue/pricing/',
    'https://aws.amazon.com/sqs/pricing/',
    'https://aws.amazon.com/kinesis/data-streams/pricing/',
  ],
  /** Of a standard workflow. */
  perTransition: 0.025e-3,
  /** Of an express workflow: for each execution, and for each GB and second of it in the first of its three tiers. */
  perExpressRequest: 1e-6,
  perExpressGbSecond: 0.00001667,
  perGbSecond: { arm64: 0.0000133334, x86_64: 0.0000166667 },
  perInvocation: 0.2e-6,
  /** PUT, COPY, POST and LIST. */
  perS3Write: 0.0054e-3,
  /** GET and HEAD. */
  perS3Read: 0.00043e-3,
  perKeyMonth: 1,
  perKeyRequest: 0.03e-4,
  /** Of standard resolution. An alarm on an expression pays for each metric in it. */
  perAlarmMetricMonth: 0.1,
  perCompositeAlarmMonth: 0.5,
  perDashboardMonth: 3,
  /** In each zone that it is in. */
  perEndpointHour: 0.012,
  perCrawlerDpuHour: 0.44,
  /** Of a Spark job; each is billed for a minute at least. */
  perJobDpuHour: 0.44,
  /** Of a standard queue. */
  perSqsRequest: 0.4e-6,
  /**
   * Of Kinesis we have seen no statement for Frankfurt: these are us-east-1's $0.04, $0.015, $0.02 and $0.015, and the fifth
   * more by which Frankfurt has been dearer. On demand: for each stream, with whatever it holds.
   */
  perStreamHour: 0.048,
  perShardHour: 0.018,
  /** Besides, of each shard that keeps records for longer than a day. */
  perShardHourBeyondDay: 0.024,
  /** Of each consumer with a fan-out of its own, on a stream that is not on demand. */
  perConsumerShardHour: 0.018,
} as const;

/** How a run can end, as its manifest tells it. */
export const endings = {
  /** Of the functions, those that it takes; beside them one transition per state, and one to the end. */
  published: {
    functions: ['startPipeline', 'validateObject', 'scoreQuality', 'transformObject', 'publishRun'],
    states: [
      'ValidateInput',
      'CheckValidation',
      'NeedsDiscovery',
      'ChooseEngine',
      'RunDataQualityCheck',
      'CheckDataQuality',
      'TransformObject',
      'UpdateDataCatalog',
      'NotifySuccess',
      'Succeeded',
    ],
  },
  refused_by_quality: {
    functions: ['startPipeline', 'validateObject', 'scoreQuality', 'publishRun'],
    states: [
      'ValidateInput',
      'CheckValidation',
      'NeedsDiscovery',
      'ChooseEngine',
      'RunDataQualityCheck',
      'CheckDataQuality',
      'QuarantineObject',
      'CheckRejection',
      'NotifyQualityFailure',
      'QualityBelowThreshold',
    ],
  },
  refused_by_validation: {
    functions: ['startPipeline', 'validateObject', 'publishRun'],
    states: [
      'ValidateInput',
      'CheckValidation',
      'QuarantineObject',
      'CheckRejection',
      'NotifyValidationFailure',
      'ValidationFailed',
    ],
  },
} as const;

/** As `endings.published`, of an object that went to Spark. */
export const publishedBySpark = {
  functions: ['startPipeline', 'validateObject', 'scoreQuality', 'publishRun'],
  states: [
    'ValidateInput',
    'CheckValidation',
    'NeedsDiscovery',
    'ChooseEngine',
    'RunETLJob',
    'ScoreStagedRows',
    'CheckDataQuality',
    'UpdateDataCatalog',
    'NotifySuccess',
    'Succeeded',
  ],
} as const;

/** What is assumed of a run where its manifest has no figure. */
export const workload = {
  /** To start, to ask S3 a few times, and to answer. */
  secondsPerInvocation: 1,
  /** These read the whole object. */
  readers: ['scoreQuality', 'transformObject'],
  /**
   * Of each reader. `apps/cli/bench/memory.ts` takes 0.036 s of CPU for both and each MB of CSV, and 1,769 MB of memory
   * come with one processor (https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html). Twice that, since
   * Lambda's processors are slower and wait for S3.
   */
  gbSecondsPerByte: 0.064e-6,
  /** Counted along the code of a run that is published, with one file and some quarantined rows. */
  s3Writes: 12,
  s3Reads: 15,
} as const;
