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
  let stateMachineArn: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'start-pipeline-'));
    const entry = fileURLToPath(new URL('../src/handler.ts', import.meta.url));
    await bundleLambda({ entry, outDir: folder, architecture: 'x64' });
    client = new SFNClient({ ...miniStack() });
    const created = await client.send(
      new CreateStateMachineCommand({
        name: 'etl',
        roleArn: 'arn:aws:iam::000000000000:role/etl',
        definition: JSON.stringify({ StartAt: 'Done', States: { Done: { Type: 'Succeed' } } }),
      }),
    );
    stateMachineArn = created.stateMachineArn ?? '';
  }, 60_000);
  afterAll(async () => {
    client?.destroy();
    await rm(folder, { recursive: true, force: true });
  });

  const message = (messageId: string, key: string) => ({
    messageId,
    body: JSON.stringify({
      Records: [
        {
          eventName: 'ObjectCreated:Put',
          eventTime: '2026-11-20T10:00:00.000Z',
          s3: { bucket: { name: 'raw-zone' }, object: { key, size: 12, eTag: 'abc', sequencer: '00' } },
        },
      ],
    }),
  });
  const invoke = (...messages: readonly unknown[]) =>
    invokeBundle(
      { folder, variables: { STATE_MACHINE_ARN: stateMachineArn }, emulator: miniStack() },
      { Records: messages },
    );

  test('starts one execution, however often the event comes', async () => {
    for (const id of ['m1', 'm2']) {
      expect(await invoke(message(id, 'incoming/orders/a+b.csv'))).toMatchObject({
        outcome: 'returned',
        result: { batchItemFailures: [] },
      });
    }
    const { executions = [] } = await client.send(new ListExecutionsCommand({ stateMachineArn }));
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
      message: expect.stringContaining('STATE_MACHINE_ARN is missing'),
    });
  });
});
