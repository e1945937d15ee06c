import {
  type CsvMapParts,
  csvMapDefinition,
  type EtlParts,
  etlDefinition,
  type SparkJob,
} from '../src/index.ts';

const lambda = (name: string) => ({
  arn: `arn:aws:lambda:eu-central-1:123456789012:function:sluice-${name}`,
  timeoutSeconds: 900,
});

export const exampleParts: EtlParts = {
  functions: {
    validateObject: lambda('validate-object'),
    scoreQuality: lambda('score-quality'),
    transformObject: lambda('transform-object'),
    publishRun: lambda('publish-run'),
  },
  crawlerPrefix: 'sluice-raw-',
  job: { kind: 'glue', name: 'sluice-transform', timeoutSeconds: 14_400, logGroup: '/aws-glue/jobs/output' },
  sparkDatasets: [],
  topicArn: 'arn:aws:sns:eu-central-1:123456789012:sluice-runs',
  curatedBucket: 'sluice-curated',
  limits: { lambdaMaxBytes: 512 * 1024 * 1024, crawlerCheckSeconds: 30, crawlerMaxChecks: 60 },
};

/** The same with a dataset that has a Delta table. */
export const exampleTables: EtlParts = {
  ...exampleParts,
  job: {
    kind: 'glue',
    name: 'sluice-transform',
    mergeName: 'sluice-merge',
    timeoutSeconds: 14_400,
    logGroup: '/aws-glue/jobs/output',
  },
  sparkDatasets: ['accounts'],
};

export const exampleEmrServerless: Extract<SparkJob, { kind: 'emr-serverless' }> = {
  kind: 'emr-serverless',
  applicationId: '00f1r1uh9g8lm701',
  roleArn: 'arn:aws:iam::123456789012:role/sluice-spark',
  entryPoint: 's3://sluice-scripts/spark/job.py',
  arguments: ['--plans', 's3://sluice-scripts/spark/plans/', '--curated-bucket', 'sluice-curated'],
  sparkSubmitParameters: '--conf spark.executor.cores=4',
  timeoutSeconds: 7_200,
  logs: { uri: 's3://sluice-scripts/spark-logs/', keyArn: 'arn:aws:kms:eu-central-1:123456789012:key/1' },
};

export const exampleMapParts: CsvMapParts = {
  functions: {
    validateObject: lambda('validate-object'),
    processRows: lambda('process-rows'),
    recordFailedRows: lambda('record-failed-rows'),
    collectMapRun: lambda('collect-map-run'),
    publishRun: lambda('publish-run'),
  },
  topicArn: exampleParts.topicArn,
  curatedBucket: exampleParts.curatedBucket,
  delimiter: 'COMMA',
  map: {
    executionType: 'STANDARD',
    maxItemsPerBatch: 100,
    maxInputBytesPerBatch: 200 * 1024,
    maxConcurrency: 500,
    toleratedFailurePercentage: 1,
  },
};

/** The committed state machines, so that a review sees what will be deployed. */
export const artefacts = async () => [
  {
    path: 'packages/workflows/golden/etl.golden.json',
    make: async () => `${JSON.stringify(etlDefinition(exampleParts), null, 2)}\n`,
  },
  {
    path: 'packages/workflows/golden/etl-with-table.golden.json',
    make: async () => `${JSON.stringify(etlDefinition(exampleTables), null, 2)}\n`,
  },
  {
    path: 'packages/workflows/golden/csv-map.golden.json',
    make: async () => `${JSON.stringify(csvMapDefinition(exampleMapParts), null, 2)}\n`,
  },
];
