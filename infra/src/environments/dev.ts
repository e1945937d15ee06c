import type { Environment } from './environment.ts';

/** Cheap, and gone with one `destroy`. */
export const dev: Environment = {
  name: 'dev',
  region: 'eu-central-1',
  namePrefix: 'sluice-dev',
  tags: { CostCenter: 'data-platform' },
  protected: false,
  lambda: {
    architecture: 'arm64',
    functions: {
      ingestStream: { memoryMb: 512, timeoutSeconds: 60, ephemeralMb: 512, reservedConcurrency: null },
      ingestApi: { memoryMb: 512, timeoutSeconds: 15, ephemeralMb: 512, reservedConcurrency: null },
      startPipeline: { memoryMb: 256, timeoutSeconds: 30, ephemeralMb: 512, reservedConcurrency: null },
      validateObject: { memoryMb: 512, timeoutSeconds: 60, ephemeralMb: 512, reservedConcurrency: null },
      scoreQuality: { memoryMb: 2048, timeoutSeconds: 300, ephemeralMb: 1024, reservedConcurrency: null },
      transformObject: { memoryMb: 2048, timeoutSeconds: 300, ephemeralMb: 1024, reservedConcurrency: null },
      publishRun: { memoryMb: 1024, timeoutSeconds: 300, ephemeralMb: 512, reservedConcurrency: null },
      processRows: { memoryMb: 1024, timeoutSeconds: 60, ephemeralMb: 512, reservedConcurrency: null },
      recordFailedRows: { memoryMb: 512, timeoutSeconds: 60, ephemeralMb: 512, reservedConcurrency: null },
      collectMapRun: { memoryMb: 4096, timeoutSeconds: 900, ephemeralMb: 10_240, reservedConcurrency: null },
    },
  },
  stream: {
    // On demand it costs more than twice as much while nobody uses it.
    capacity: { mode: 'provisioned', shards: 1, load: { recordsPerSecond: 500, bytesPerSecond: 512 * 1024 } },
    retentionHours: 24,
    records: { datasetField: '_dataset' },
  },
  ingest: {
    batchSize: 10_000,
    batchWindowSeconds: 30,
    parallelizationFactor: 1,
    bisectOnError: true,
    // What is given up then can still be read from the stream for four hours.
    maxRecordAgeSeconds: 20 * 3600,
    maxRetries: 50,
    startingPosition: 'TRIM_HORIZON',
  },
  api: { throttle: { requestsPerSecond: 50, burst: 50 }, authorizer: { type: 'iam' }, cors: null },
  intake: { batchSize: 10, batchWindowSeconds: 0, maxConcurrency: 5, maxReceives: 5 },
  transform: { lambdaMaxBytes: 256 * 1024 * 1024 },
  map: {
    executionType: 'STANDARD',
    maxItemsPerBatch: 1000,
    maxInputBytesPerBatch: 220 * 1024,
    maxConcurrency: 500,
    toleratedFailurePercentage: 5,
  },
  discovery: { checkSeconds: 15, maxChecks: 60, schedule: null },
  retention: {
    logDays: 14,
    rawInfrequentAccessDays: null,
    rawArchiveDays: null,
    rawExpireDays: 90,
    stagingDays: 15,
    noncurrentVersionDays: 7,
    accessLogDays: 14,
    queryResultDays: 7,
  },
  athena: { maxScannedBytes: 10_000_000_000 },
  alarms: { emails: [], queueAgeSeconds: 900, qualityScore: 70, durationShare: 0.8 },
  optIns: {
    privateNetwork: null,
    threatDetection: null,
    columnGrants: null,
    auditTrail: null,
    budget: null,
    enhancedFanOut: null,
    rowTable: null,
    streamArchive: null,
  },
};
