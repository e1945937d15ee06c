import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  CreateStateMachineCommand,
  DescribeExecutionCommand,
  ListExecutionsCommand,
  SFNClient,
} from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { describeWithMiniStack } from '@sluice/aws-emulator';
import { bundleLambda } from '@sluice/lambda-kit/bundle-lambda';
import { invokeBundle } from '@sluice/lambda-kit/invoke-bundle';

describeWithMiniStack('the bundled start-pipeline', (miniStack) => {
  let folder: string;
  let client: SFNClient;
  const arns = new Map<string, string>();

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'start-pipeline-'));
    const entry = fileURLToPath(new URL('../src/handler.ts', import.meta.url));
    await bundleLambda({ entry, outDir: folder, architecture: 'x64' });
    client = new SFNClient({ ...miniStack() });
    for (const name of ['etl', 'csv-map']) {
      const created = await client.send(
        new CreateStateMachineCommand({
          name,
          roleArn: 'arn:aws:iam::000000000000:role/states',
          definition: JSON.stringify({ StartAt: 'Done', States: { Done: { Type: 'Succeed' } } }),
        }),
      );
      arns.set(name, created.stateMachineArn ?? '');
    }
  }, 60_000);
  afterAll(async () => {
    client?.destroy();
    await rm(folder, { recursive: true, force: true });
  });

  const variables = () => ({
    ETL_ARN: arns.get('etl') ?? '',
    CSV_MAP_COMMA_ARN: arns.get('csv-map') ?? '',
    LAMBDA_MAX_BYTES: '1000',
  });
  const runsOf = async (name: string) => {
    const { executions = [] } = await client.send(
      new ListExecutionsCommand({ stateMachineArn: arns.get(name) ?? '' }),
    );
    return executions;
  };
  const message = (messageId: string, key: string, size = 12, received = '1') => ({
    messageId,
    attributes: { ApproximateReceiveCount: received },
    body: JSON.stringify({
      Records: [
        {
          eventName: 'ObjectCreated:Put',
          eventTime: '2026-11-20T10:00:00.000Z',
          s3: { bucket: { name: 'raw-zone' }, object: { key, size, eTag: 'abc', sequencer: '00' } },
        },
      ],
    }),
  });
  const invoke = (...messages: readonly unknown[]) =>
    invokeBundle({ folder, variables: variables(), emulator: miniStack() }, { Records: messages });

  test('starts one execution, however often the event comes', async () => {
    for (const id of ['m1', 'm2']) {
      expect(await invoke(message(id, 'incoming/orders/a+b.csv'))).toMatchObject({
        outcome: 'returned',
        result: { batchItemFailures: [] },
      });
    }
    const executions = await runsOf('etl');
    expect(executions).toHaveLength(1);
    const execution = await client.send(
      new DescribeExecutionCommand({ executionArn: executions[0]?.executionArn }),
    );
    expect(JSON.parse(execution.input ?? '')).toMatchObject({
      runId: execution.name,
      dataset: 'orders',
      asOf: '2026-11-20T10:00:00.000Z',
      object: { key: 'incoming/orders/a b.csv', etag: 'abc' },
    });
  });

  test('starts csv-map for a large object, and nothing more when the settings have changed meanwhile', async () => {
    const large = (received: string) => message('m1', 'incoming/orders/large.csv', 1001, received);
    const before = (await runsOf('etl')).length;
    await invoke(large('1'));
    const raised = { ...variables(), LAMBDA_MAX_BYTES: '1001' };
    expect(
      await invokeBundle(
        { folder, variables: raised, emulator: miniStack() },
        { Records: [large('2'), message('m2', 'incoming/orders/small.csv', 1, '2')] },
      ),
    ).toMatchObject({ outcome: 'returned', result: { batchItemFailures: [] } });
    expect(await runsOf('csv-map')).toHaveLength(1);
    expect(await runsOf('etl')).toHaveLength(before + 1);
  });

  test('gives back only the message that it cannot handle, and logs why', async () => {
    const invocation = await invoke(
      message('bad', 'incoming/nobody/a.csv'),
      message('m1', 'incoming/orders/c.csv'),
    );
    expect(invocation).toMatchObject({ result: { batchItemFailures: [{ itemIdentifier: 'bad' }] } });
    expect(invocation.logs).toContain('"reason":"unknown_dataset"');
  });

  test('says which variable it lacks', async () => {
    const invocation = await invokeBundle({ folder, variables: {}, emulator: miniStack() }, { Records: [] });
    expect(invocation).toMatchObject({
      outcome: 'threw',
      message: expect.stringContaining('ETL_ARN is missing'),
    });
  });

  test('says which dataset has large objects that it could not start', async () => {
    const { CSV_MAP_COMMA_ARN: _, ...others } = variables();
    const invocation = await invokeBundle(
      { folder, variables: others, emulator: miniStack() },
      { Records: [] },
    );
    expect(invocation).toMatchObject({
      outcome: 'threw',
      message: expect.stringMatching(/CSV_MAP_COMMA_ARN is missing, and \w+ needs it/),
    });
  });
});
