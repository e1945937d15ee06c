import { describe, expect, test } from '@jest/globals';
import { csvMapDefinition, type EtlParts, etlDefinition } from '@sluice/workflows';
import { allow } from '../src/constructs/policy.ts';
import { mapLabelsIn, workflowPermissions } from '../src/constructs/workflow-permissions.ts';

const functionArn = (name: string): string => `arn:aws:lambda:eu-central-1:000000000000:function:${name}`;
const topicArn = 'arn:aws:sns:eu-central-1:000000000000:runs';
const topicKeyArn = 'arn:aws:kms:eu-central-1:000000000000:key/operations';
const glueArn = (resource: string): string => `arn:aws:glue:eu-central-1:000000000000:${resource}`;

const emrServerlessArn = (id: string): string =>
  `arn:aws:emr-serverless:eu-central-1:000000000000:/applications/${id}`;
const statesArn = (resource: string): string => `arn:aws:states:eu-central-1:000000000000:${resource}`;
const dataKeyArn = 'arn:aws:kms:eu-central-1:000000000000:key/data';

const permissions = (definition: unknown) =>
  workflowPermissions(definition, {
    name: 'sluice-machine',
    statesArn,
    curatedBucket: 'curated',
    folders: {
      objectsIn: (folder) => `arn:aws:s3:::lake/${folder}/*`,
      decrypt: (folders) =>
        allow(
          'DecryptObjects',
          ['kms:Decrypt'],
          folders.map((one) => `${dataKeyArn} for ${one}`),
        ),
      encrypt: (folders) =>
        allow(
          'EncryptObjects',
          ['kms:GenerateDataKey'],
          folders.map((one) => `${dataKeyArn} for ${one}`),
        ),
    },
    datasets: ['orders', 'penguins'],
    topicKeyArn,
    region: 'eu-central-1',
    glueArn,
    emrServerlessArn,
    ruleArn: (name) => `arn:aws:events:eu-central-1:000000000000:rule/${name}`,
  });
/** `action resource` of everything that is allowed. */
const allowed = (definition: unknown): string[] =>
  permissions(definition).flatMap(({ Action, Resource }) =>
    Action.flatMap((action) => Resource.map((resource) => `${action} ${resource}`)),
  );

const task = (resource: string, parameters: Readonly<Record<string, unknown>>) => ({
  Type: 'Task',
  Resource: `arn:aws:states:::${resource}`,
  Parameters: parameters,
});
const machine = (states: Readonly<Record<string, unknown>>) => ({ States: states });
const invoke = (name: string) => task('lambda:invoke', { FunctionName: functionArn(name) });
const mayInvoke = (name: string): string => `lambda:InvokeFunction ${functionArn(name)}`;

const lambda = (name: string) => ({ arn: functionArn(name), timeoutSeconds: 60 });
const etlParts: EtlParts = {
  functions: {
    validateObject: lambda('validate-object'),
    scoreQuality: lambda('score-quality'),
    transformObject: lambda('transform-object'),
    publishRun: lambda('publish-run'),
  },
  crawlerPrefix: 'sluice-raw-',
  job: {
    kind: 'glue',
    name: 'sluice-transform-spark',
    timeoutSeconds: 3600,
    logGroup: '/aws-glue/jobs/output',
  },
  sparkDatasets: [],
  topicArn,
  curatedBucket: 'curated',
  limits: { lambdaMaxBytes: 1024, crawlerCheckSeconds: 15, crawlerMaxChecks: 60 },
};
const etl = etlDefinition(etlParts);
const without = (...names: readonly string[]) => {
  const states = Object.entries(etl.States).filter(([name]) => !names.includes(name));
  return { ...etl, States: Object.fromEntries(states) };
};

describe('the etl machine', () => {
  test('may do what its states call, and nothing else', () => {
    expect(allowed(etl).sort()).toEqual(
      [
        ...['validate-object', 'score-quality', 'transform-object', 'publish-run'].map(mayInvoke),
        ...['orders', 'penguins'].flatMap((name) =>
          ['glue:StartCrawler', 'glue:GetCrawler'].map(
            (action) => `${action} ${glueArn(`crawler/sluice-raw-${name}`)}`,
          ),
        ),
        ...['StartJobRun', 'GetJobRun', 'GetJobRuns', 'BatchStopJobRun'].map(
          (action) => `glue:${action} ${glueArn('job/sluice-transform-spark')}`,
        ),
        `sns:Publish ${topicArn}`,
        `kms:GenerateDataKey ${topicKeyArn}`,
        `kms:Decrypt ${topicKeyArn}`,
      ].sort(),
    );
  });

  test('may start, follow and stop runs of its Spark application, and hand over their role to nothing else', () => {
    const onEmr = etlDefinition({
      ...etlParts,
      job: {
        kind: 'emr-serverless',
        applicationId: '00f1abc',
        roleArn: 'arn:aws:iam::000000000000:role/spark',
        entryPoint: 's3://scripts/job.py',
        arguments: [],
        sparkSubmitParameters: '',
        timeoutSeconds: 3600,
        logs: { uri: 's3://scripts/spark-logs/', keyArn: dataKeyArn },
      },
    });
    const before = allowed(without('RunETLJob'));
    expect(allowed(onEmr).filter((one) => !before.includes(one))).toEqual([
      `emr-serverless:StartJobRun ${emrServerlessArn('00f1abc')}`,
      `emr-serverless:GetJobRun ${emrServerlessArn('00f1abc')}/jobruns/*`,
      `emr-serverless:CancelJobRun ${emrServerlessArn('00f1abc')}/jobruns/*`,
      'iam:PassRole arn:aws:iam::000000000000:role/spark',
      ...['PutTargets', 'PutRule', 'DescribeRule'].map(
        (action) =>
          `events:${action} arn:aws:events:eu-central-1:000000000000:rule/StepFunctionsGetEventsForEMRServerlessJobRule`,
      ),
    ]);
    const handing = permissions(onEmr).filter(({ Action }) => Action.includes('iam:PassRole'));
    expect(handing.map(({ Condition }) => Condition)).toEqual([
      { StringEquals: { 'iam:PassedToService': 'emr-serverless.amazonaws.com' } },
    ]);
  });

  test('says for every statement what it is for, each in other words', () => {
    const purposes = permissions(etl).map(({ Sid }) => Sid);
    expect(new Set(purposes).size).toBe(purposes.length);
  });

  test.each([
    { states: ['ValidateInput'], lost: [mayInvoke('validate-object')] },
    {
      states: ['RunDataDiscovery'],
      lost: ['orders', 'penguins'].map(
        (name) => `glue:StartCrawler ${glueArn(`crawler/sluice-raw-${name}`)}`,
      ),
    },
    // Two states publish runs.
    { states: ['QuarantineObject'], lost: [] },
    { states: ['QuarantineObject', 'UpdateDataCatalog'], lost: [mayInvoke('publish-run')] },
    {
      states: Object.keys(etl.States).filter((name) => name.startsWith('Notify')),
      lost: [`sns:Publish ${topicArn}`, `kms:GenerateDataKey ${topicKeyArn}`, `kms:Decrypt ${topicKeyArn}`],
    },
  ])('without $states may no longer do what they alone called', ({ states, lost }) => {
    const left = allowed(without(...states));
    expect(allowed(etl).filter((one) => !left.includes(one))).toEqual(lost);
  });

  test('with a state that calls something new may do exactly that besides', () => {
    const extended = { ...etl, States: { ...etl.States, Archive: invoke('archive-object') } };
    const before = allowed(etl);
    expect(allowed(extended).filter((one) => !before.includes(one))).toEqual([mayInvoke('archive-object')]);
  });
});

describe('the csv-map machine', () => {
  const csvMap = csvMapDefinition({
    functions: {
      validateObject: lambda('validate-object'),
      processRows: lambda('process-rows'),
      recordFailedRows: lambda('record-failed-rows'),
      collectMapRun: lambda('collect-map-run'),
      publishRun: lambda('publish-run'),
    },
    topicArn,
    curatedBucket: 'curated',
    delimiter: 'TAB',
    map: {
      executionType: 'STANDARD',
      maxItemsPerBatch: 100,
      maxInputBytesPerBatch: 100_000,
      maxConcurrency: 10,
      toleratedFailurePercentage: 5,
    },
  });
  const children = statesArn('execution:sluice-machine/ProcessCsvRows:*');

  // https://docs.aws.amazon.com/step-functions/latest/dg/iam-policies-eg-dist-map.html
  test('may do what its states call, run their batches, read the object and write the results', () => {
    expect(allowed(csvMap).sort()).toEqual(
      [
        ...['validate-object', 'process-rows', 'record-failed-rows', 'collect-map-run', 'publish-run'].map(
          mayInvoke,
        ),
        `states:StartExecution ${statesArn('stateMachine:sluice-machine')}`,
        ...['DescribeExecution', 'StopExecution'].flatMap((action) =>
          [statesArn('execution:sluice-machine:*'), children].map((arn) => `states:${action} ${arn}`),
        ),
        `states:RedriveExecution ${children}`,
        `states:RedriveExecution ${statesArn('mapRun:sluice-machine/ProcessCsvRows:*')}`,
        ...['GetObject', 'GetObjectVersion'].map((action) => `s3:${action} arn:aws:s3:::lake/incoming/*`),
        ...['PutObject', 'GetObject', 'ListMultipartUploadParts', 'AbortMultipartUpload'].map(
          (action) => `s3:${action} arn:aws:s3:::lake/map-results/*`,
        ),
        `kms:Decrypt ${dataKeyArn} for incoming`,
        `kms:Decrypt ${dataKeyArn} for map-results`,
        `kms:GenerateDataKey ${dataKeyArn} for map-results`,
        `sns:Publish ${topicArn}`,
        `kms:GenerateDataKey ${topicKeyArn}`,
        `kms:Decrypt ${topicKeyArn}`,
      ].sort(),
    );
  });

  test('says for every statement what it is for, each in other words', () => {
    const purposes = permissions(csvMap).map(({ Sid }) => Sid);
    expect(new Set(purposes).size).toBe(purposes.length);
  });

  test('has one Map whose children have an ARN of their own', () => {
    expect(mapLabelsIn(csvMap)).toEqual(['ProcessCsvRows']);
    expect(mapLabelsIn(etl)).toEqual([]);
  });

  test('without its Map may run no batches, and read and write nothing', () => {
    const { ProcessCsvRows: _, ...States } = csvMap.States;
    expect(allowed({ ...csvMap, States }).filter((one) => /^(s3|states):|key\/data/.test(one))).toEqual([]);
  });
});

describe('a definition', () => {
  test('is searched in the branches of a Parallel', () => {
    const Branches = [machine({ A: invoke('a') }), machine({ B: invoke('b') })];
    expect(allowed(machine({ Both: { Type: 'Parallel', Branches } }))).toEqual([
      mayInvoke('a'),
      mayInvoke('b'),
    ]);
  });

  test('is searched in the processor of a Map, also of a Map in a Map', () => {
    const Each = { Type: 'Map', ItemProcessor: machine({ Inner: invoke('inner') }) };
    const Outer = { Type: 'Map', Iterator: machine({ Each }) };
    expect(allowed(machine({ Outer }))).toEqual([mayInvoke('inner')]);
  });

  test('that names a version of a function may invoke that version alone', () => {
    expect(allowed(machine({ Old: invoke('step:7') }))).toEqual([mayInvoke('step:7')]);
  });

  test('that names one crawler may start that one alone', () => {
    const Look = task('aws-sdk:glue:startCrawler', { Name: 'raw-orders' });
    expect(allowed(machine({ Look }))).toEqual([`glue:StartCrawler ${glueArn('crawler/raw-orders')}`]);
  });

  test('uses the key of topics through SNS alone', () => {
    const Tell = task('sns:publish', { TopicArn: topicArn });
    const [, key] = permissions(machine({ Tell }));
    expect(key?.Condition).toEqual({ StringEquals: { 'kms:ViaService': 'sns.eu-central-1.amazonaws.com' } });
  });

  test('that only decides needs nothing', () => {
    expect(permissions(machine({ Wait: { Type: 'Wait', Seconds: 1 }, End: { Type: 'Succeed' } }))).toEqual(
      [],
    );
  });
});

describe('one line names the state and what it calls, if', () => {
  test.each([
    ['the call is not known', task('sqs:sendMessage', { QueueUrl: 'q' }), 'sqs:sendMessage'],
    ['a name is computed', task('lambda:invoke', { 'FunctionName.$': '$.function' }), 'lambda:invoke'],
    [
      'a crawler is computed from something else than the dataset',
      task('aws-sdk:glue:getCrawler', { 'Name.$': "States.Format('raw-{}', $.object.key)" }),
      'aws-sdk:glue:getCrawler',
    ],
    [
      'a Map reads its items elsewhere',
      {
        Type: 'Map',
        ItemReader: { Resource: 'arn:aws:states:::s3:getObject', Parameters: { Bucket: 'raw' } },
        ItemProcessor: machine({}),
      },
      's3:getObject',
    ],
    [
      'results are written into another folder',
      {
        Type: 'Map',
        ResultWriter: {
          Resource: 'arn:aws:states:::s3:putObject',
          Parameters: { Bucket: 'curated', 'Prefix.$': "States.Format('processed/{}', $.runId)" },
        },
        ItemProcessor: machine({}),
      },
      's3:putObject',
    ],
    [
      'results are written into another bucket',
      {
        Type: 'Map',
        ResultWriter: {
          Resource: 'arn:aws:states:::s3:putObject',
          Parameters: { Bucket: 'raw', 'Prefix.$': "States.Format('map-results/{}', $.runId)" },
        },
        ItemProcessor: machine({}),
      },
      's3:putObject',
    ],
  ])('%s', (_, state, call) => {
    let message = '';
    try {
      permissions(machine({ Suspect: state }));
    } catch (error) {
      message = error instanceof Error ? error.message : '';
    }
    expect(message).toMatch(/^The state Suspect calls [^\n]*\.$/);
    expect(message).toContain(call);
  });
});

test('one line names the state whose children would have an ARN that nobody can know', () => {
  const Suspect = {
    Type: 'Map',
    ItemProcessor: { ProcessorConfig: { Mode: 'DISTRIBUTED' }, ...machine({}) },
  };
  expect(() => permissions(machine({ Suspect }))).toThrow(
    /^The state Suspect is a DISTRIBUTED Map without a Label[^\n]*\.$/,
  );
});
