import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { CreateQueueCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { describeWithMiniStack } from '@sluice/aws-emulator';
import { s3Store } from '@sluice/lake-storage/s3';
import { bundleLambda } from '@sluice/lambda-kit/bundle-lambda';
import { invokeBundle } from '@sluice/lambda-kit/invoke-bundle';

describeWithMiniStack('the bundled record-failed-rows', (miniStack) => {
  let folder: string;
  let client: S3Client;
  let queue: SQSClient;
  let queueUrl: string;
  const bucket = 'curated-zone';

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'record-failed-rows-'));
    const entry = fileURLToPath(new URL('../src/handler.ts', import.meta.url));
    await bundleLambda({ entry, outDir: join(folder, 'bundle'), architecture: 'x64' });
    client = new S3Client({ ...miniStack(), forcePathStyle: true });
    await client.send(new CreateBucketCommand({ Bucket: bucket }));
    queue = new SQSClient(miniStack());
    const { QueueUrl = '' } = await queue.send(new CreateQueueCommand({ QueueName: 'failed-batches' }));
    queueUrl = QueueUrl;
  }, 60_000);
  afterAll(async () => {
    client?.destroy();
    queue?.destroy();
    await rm(folder, { recursive: true, force: true });
  });

  test('stages the rows, tells the dead-letter queue and counts them, without a cell in letter or log', async () => {
    const part = 'staging/orders-1/parts/0-1.jsonl';
    const answer = await invokeBundle(
      {
        folder: join(folder, 'bundle'),
        variables: { CURATED_BUCKET: bucket, DEAD_LETTER_QUEUE_URL: queueUrl },
        emulator: miniStack(),
      },
      {
        runId: 'orders-1',
        dataset: 'orders',
        asOf: '2026-11-20T10:00:00.000Z',
        object: { bucket: 'raw-zone', key: 'incoming/orders/a.csv', size: 9, etag: 'e' },
        items: [{ row: 0, cells: { id: 'secret' } }],
        error: 'Lambda.Unknown',
      },
    );
    expect(answer).toMatchObject({
      outcome: 'returned',
      result: { handled: 'recorded_as_failed', part, rows: 1, quarantined: 1 },
    });
    expect(answer.logs).toContain('rows_recorded_as_failed');
    expect(answer.logs).toContain('"MapItemsFailed":1');
    expect(answer.logs).not.toContain('secret');
    expect(await s3Store(client).head({ bucket, key: part })).not.toBeNull();

    const { Messages = [] } = await queue.send(
      new ReceiveMessageCommand({ QueueUrl: queueUrl, WaitTimeSeconds: 5 }),
    );
    expect(Messages.map(({ Body = '' }) => JSON.parse(Body))).toEqual([
      {
        runId: 'orders-1',
        dataset: 'orders',
        object: { bucket: 'raw-zone', key: 'incoming/orders/a.csv' },
        rows: { from: 1, to: 1 },
        error: 'Lambda.Unknown',
      },
    ]);
  });
});
