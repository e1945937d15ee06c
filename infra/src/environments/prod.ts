import type { Environment } from './environment.ts';

/** Holds data that nobody can make again: protected, watched, and its functions cannot starve each other. */
export const prod: Environment = {
  name: 'prod',
  region: 'eu-central-1',
  namePrefix: 'sluice-prod',
  tags: { CostCenter: 'data-platform' },
  protected: true,
  lambda: {
    architecture: 'arm64',
    functions: {
      ingestStream: { memoryMb: 1024, timeoutSeconds: 120, ephemeralMb: 512, reservedConcurrency: 25 },
      ingestApi: { memoryMb: 1024, timeoutSeconds: 15, ephemeralMb: 512, reservedConcurrency: 50 },
      startPipeline: { memoryMb: 256, timeoutSeconds: 30, ephemeralMb: 512, reservedConcurrency: 25 },
      validateObject: { memoryMb: 512, timeoutSeconds: 60, ephemeralMb: 512, reservedConcurrency: 25 },
      scoreQuality: { memoryMb: 6144, timeoutSeconds: 900, ephemeralMb: 4096, reservedConcurrency: 100 },
      transformObject: { memoryMb: 6144, timeoutSeconds: 900, ephemeralMb: 4096, reservedConcurrency: 100 },
      publishRun: { memoryMb: 2048, timeoutSeconds: 600, ephemeralMb: 512, reservedConcurrency: 100 },
      // It shares the account's pool: what is reserved for it would be taken from everybody all day long.
      processRows: { memoryMb: 1024, timeoutSeconds: 60, ephemeralMb: 512, reservedConcurrency: null },
      recordFailedRows: { memoryMb: 512, timeoutSeconds: 60, ephemeralMb: 512, reservedConcurrency: 50 },
      collectMapRun: { memoryMb: 4096, timeoutSeconds: 900, ephemeralMb: 10_240, reservedConcurrency: 20 },
    },
  },
  stream: { capacity: { mode: 'on_demand' }, retentionHours: 24, records: { datasetField: '_dataset' } },
  ingest: {
    batchSize: 10_000,
    batchWindowSeconds: 60,
    parallelizationFactor: 1,
    bisectOnError: true,
    // What is given up then can still be read from the stream for four hours.
    maxRecordAgeSeconds: 20 * 3600,
    maxRetries: 50,
    startingPosition: 'TRIM_HORIZON',
    enhancedFanOut: false,
  },
  api: { throttle: { requestsPerSecond: 250, burst: 250 }, authorizer: { type: 'iam' }, cors: null },
  intake: { batchSize: 10, batchWindowSeconds: 0, maxConcurrency: 20, maxReceives: 5 },
  transform: { lambdaMaxBytes: 1024 * 1024 * 1024 },
  map: {
    executionType: 'STANDARD',
    maxItemsPerBatch: 1000,
    maxInputBytesPerBatch: 220 * 1024,
    maxConcurrency: 500,
    toleratedFailurePercentage: 5,
  },
  discovery: { checkSeconds: 30, maxChecks: 120, schedule: 'cron(0 3 * * ? *)' },
  retention: {
    logDays: 365,
    rawInfrequentAccessDays: 30,
    rawArchiveDays: 180,
    rawExpireDays: null,
    stagingDays: 15,
    noncurrentVersionDays: 90,
    accessLogDays: 365,
    queryResultDays: 30,
  },
  athena: { maxScannedBytes: 1_000_000_000_000 },
  alarms: { emails: [], queueAgeSeconds: 600, qualityScore: 80, durationShare: 0.8 },
  optIns: {
    privateNetwork: null,
    threatDetection: {},
    columnGrants: null,
    auditTrail: { days: 365 },
    budget: { monthlyUsd: 500 },
    rowTable: null,
  },
};
