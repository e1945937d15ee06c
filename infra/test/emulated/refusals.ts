import { setTimeout as sleep } from 'node:timers/promises';
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  GetBucketEncryptionCommand,
  ListObjectsV2Command,
  PutBucketNotificationConfigurationCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
} from '@aws-sdk/client-s3';
import { GetQueueAttributesCommand, GetQueueUrlCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { MiniStack } from '@sluice/aws-emulator';
import type { Environment } from '../../src/environments/environment.ts';
import type { AppliedLake, EndedRun } from './applied-lake.ts';
import { ordersFile } from './orders-files.ts';
import { withoutStatement } from './role-statements.ts';
import { Users } from './users.ts';

interface Applied {
  readonly miniStack: () => MiniStack;
  readonly lake: () => AppliedLake;
  readonly environment: Environment;
}

const restMs = 60_000;
const zones = ['raw', 'curated', 'analytics', 'scripts'] as const;

/** Tests that the roles and resources of an applied lake, at rest, refuse what they are there to refuse. */
export const testRefusals = ({ miniStack, lake, environment: { region, namePrefix } }: Applied): void => {
  let users: Users;
  beforeAll(() => {
    users = new Users(miniStack(), region);
  });
  afterAll(() => users.leave());

  const bucketOf = (zone: string): string => `${namePrefix}-${zone}-000000000000`;
  const askQueue = async (): Promise<GetQueueAttributesCommand> => {
    const { QueueUrl } = await users.root.sqs.send(
      new GetQueueUrlCommand({ QueueName: `${namePrefix}-arrivals` }),
    );
    return new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] });
  };

  test('who may do everything may do nothing over plain HTTP', async () => {
    const overTls = await users.whoMay(['*'], { overTls: true });
    const plain = await users.whoMay(['*'], { overTls: false });
    for (const zone of [...zones, 'access-logs']) {
      const list = () => new ListObjectsV2Command({ Bucket: bucketOf(zone) });
      expect(await outcome(overTls.s3.send(list()))).toBe('allowed');
      expect(await outcome(plain.s3.send(list()))).toBe('AccessDenied');
    }
    const ask = await askQueue();
    expect(await outcome(overTls.sqs.send(ask))).toBe('allowed');
    expect(await outcome(plain.sqs.send(ask))).toBe('AccessDenied');
  });

  test.each(zones)('the bucket of %s takes no object under another key than its own', async (zone) => {
    const { s3 } = await users.whoMay(['*'], { overTls: true });
    const Bucket = bucketOf(zone);
    const { ServerSideEncryptionConfiguration: encryption } = await s3.send(
      new GetBucketEncryptionCommand({ Bucket }),
    );
    const own = encryption?.Rules?.[0]?.ApplyServerSideEncryptionByDefault?.KMSMasterKeyID;
    const { Attributes } = await users.root.sqs.send(await askQueue());
    const put = (asked: Partial<PutObjectCommandInput>): Promise<string> =>
      outcome(s3.send(new PutObjectCommand({ Bucket, Key: 'probe', Body: 'probe', ...asked })));
    const kms = { ServerSideEncryption: 'aws:kms' } as const;
    expect({
      bucketsChoice: await put({}),
      own: await put({ ...kms, SSEKMSKeyId: own }),
      another: await put({ ...kms, SSEKMSKeyId: Attributes?.KmsMasterKeyId }),
      ofAws: await put(kms),
      ofS3: await put({ ServerSideEncryption: 'AES256' }),
    }).toEqual({
      bucketsChoice: 'allowed',
      own: 'allowed',
      another: 'AccessDenied',
      ofAws: 'AccessDenied',
      ofS3: 'AccessDenied',
    });
  });

  test('who may do everything in S3, but not use the key, can store nothing', async () => {
    const { s3 } = await users.whoMay(['s3:*'], { overTls: true });
    const put = new PutObjectCommand({ Bucket: bucketOf('raw'), Key: 'probe', Body: 'probe' });
    expect(await outcome(s3.send(put))).toBe('AccessDenied');
  });

  test('the queue of arrivals hears of no other bucket', async () => {
    const { s3 } = users.root;
    const Bucket = 'some-other-bucket';
    const { Attributes } = await users.root.sqs.send(await askQueue());
    await s3.send(new CreateBucketCommand({ Bucket }));
    const notify = new PutBucketNotificationConfigurationCommand({
      Bucket,
      NotificationConfiguration: {
        QueueConfigurations: [{ QueueArn: Attributes?.QueueArn, Events: ['s3:ObjectCreated:*'] }],
      },
    });
    expect(await outcome(s3.send(notify))).toBe('InvalidArgument');
    await s3.send(new DeleteBucketCommand({ Bucket }));
  });

  test('the queue of failed batches takes no letter of who may send to every queue', async () => {
    const { sqs } = await users.whoMay(['*'], { overTls: true });
    const { QueueUrl } = await sqs.send(
      new GetQueueUrlCommand({ QueueName: `${namePrefix}-failed-batches` }),
    );
    const send = new SendMessageCommand({ QueueUrl, MessageBody: 'some rows have failed' });
    expect(await outcome(sqs.send(send))).toBe('AccessDenied');
    const ask = new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['ApproximateNumberOfMessages'] });
    expect(await sqs.send(ask)).toMatchObject({ Attributes: { ApproximateNumberOfMessages: '0' } });
  });

  const runOf = async (key: string): Promise<EndedRun | undefined> =>
    (await lake().untilAtRest(1, restMs)).find(({ input }) => input.object.key === key);

  test.each([
    ['validate-object', 'ReadObjects', 'ValidateInput'],
    ['validate-object', 'DecryptObjects', 'ValidateInput'],
    ['score-quality', 'WriteObjects', 'RunDataQualityCheck'],
    ['transform-object', 'EncryptObjects', 'TransformObject'],
    ['publish-run', 'AddPartitions', 'UpdateDataCatalog'],
    ['etl', 'InvokeSteps', 'ValidateInput'],
  ])(
    'without the statement of %s to %s a run fails at %s',
    async (role, sid, state) => {
      const key = `incoming/orders/without/${role}-${sid}.csv`;
      const before = (await lake().untilAtRest(1, restMs)).length;
      const run = await withoutStatement(miniStack(), `${namePrefix}-${role}`, sid, async () => {
        await lake().put(key, ordersFile(`${role}-${sid}`, 1).text);
        await lake().untilAtRest(before + 1, restMs);
        return runOf(key);
      });
      expect(run?.status).toBe('FAILED');
      expect(deniedIn(run)).toEqual([state]);
    },
    restMs,
  );

  test(
    'without the statement of start-pipeline to TakeArrivals they wait until it is back',
    async () => {
      const key = 'incoming/orders/without/nobody-takes-it.csv';
      await withoutStatement(miniStack(), `${namePrefix}-start-pipeline`, 'TakeArrivals', async () => {
        await lake().put(key, ordersFile('nobody-takes-it', 1).text);
        // Otherwise taken within a tenth of that.
        await sleep(2000);
        expect(await lake().messagesIn('arrivals')).toBe(1);
      });
      expect((await runOf(key))?.status).toBe('SUCCEEDED');
    },
    restMs,
  );
};

/** `allowed`, or the name of the error. */
const outcome = async (call: Promise<unknown>): Promise<string> => {
  try {
    await call;
    return 'allowed';
  } catch (error) {
    return error instanceof Error ? error.name : String(error);
  }
};

/** The states whose tasks were denied something, as Step Functions, Glue and our own store say it. */
const deniedIn = (run: EndedRun | undefined): string[] => {
  let state = '';
  return (run?.history ?? []).flatMap(
    ({ stateEnteredEventDetails: entered, taskFailedEventDetails: failed }) => {
      state = entered?.name ?? state;
      return /not authorized to perform|S3 denied access/.test(failed?.cause ?? '') ? [state] : [];
    },
  );
};
