import type { Environment } from './environment.ts';

/** As prod is, but smaller and without its protection. */
export const staging: Environment = {
  name: 'staging',
  region: 'eu-central-1',
  namePrefix: 'sluice-staging',
  tags: { CostCenter: 'data-platform' },
  protected: false,
  lambda: {
    architecture: 'arm64',
    functions: {
      startPipeline: { memoryMb: 256, timeoutSeconds: 30, ephemeralMb: 512, reservedConcurrency: null },
      validateObject: { memoryMb: 512, timeoutSeconds: 60, ephemeralMb: 512, reservedConcurrency: null },
      scoreQuality: { memoryMb: 4096, timeoutSeconds: 600, ephemeralMb: 2048, reservedConcurrency: null },
      transformObject: { memoryMb: 4096, timeoutSeconds: 600, ephemeralMb: 2048, reservedConcurrency: null },
      publishRun: { memoryMb: 1024, timeoutSeconds: 300, ephemeralMb: 512, reservedConcurrency: null },
      processRows: { memoryMb: 1024, timeoutSeconds: 60, ephemeralMb: 512, reservedConcurrency: null },
      recordFailedRows: { memoryMb: 512, timeoutSeconds: 60, ephemeralMb: 512, reservedConcurrency: null },
      collectMapRun: { memoryMb: 4096, timeoutSeconds: 900, ephemeralMb: 10_240, reservedConcurrency: null },
    },
  },
  intake: { batchSize: 10, batchWindowSeconds: 0, maxConcurrency: 10, maxReceives: 5 },
  transform: { lambdaMaxBytes: 512 * 1024 * 1024 },
  map: {
    executionType: 'STANDARD',
    maxItemsPerBatch: 1000,
    maxInputBytesPerBatch: 220 * 1024,
    maxConcurrency: 500,
    toleratedFailurePercentage: 5,
  },
  discovery: { checkSeconds: 30, maxChecks: 60, schedule: null },
  retention: {
    logDays: 30,
    rawInfrequentAccessDays: 30,
    rawArchiveDays: null,
    rawExpireDays: 180,
    stagingDays: 15,
    noncurrentVersionDays: 30,
    accessLogDays: 30,
    queryResultDays: 14,
  },
  athena: { maxScannedBytes: 100_000_000_000 },
  alarms: { emails: [], queueAgeSeconds: 600, qualityScore: 70, durationShare: 0.8 },
  optIns: {
    privateNetwork: null,
    threatDetection: null,
    columnGrants: null,
    auditTrail: { days: 30 },
    budget: null,
    rowTable: null,
  },
};
