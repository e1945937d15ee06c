import { LambdaClient } from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import { CreateStateMachineCommand, DescribeStateMachineCommand, SFNClient } from '@aws-sdk/client-sfn';
import { SNSClient } from '@aws-sdk/client-sns';
import type { MiniStack } from '@sluice/aws-emulator';
import { s3Store } from '@sluice/lake-storage/s3';
import { startStatesService } from '@sluice/local-stepfunctions/service';
import { sessionOf } from './role-session.ts';
import { taskCalls } from './task-calls.ts';

/** Step Functions in place of the emulator's own, with one deployed state machine. */
export interface StatesOnEmulator {
  readonly endpoint: string;
  readonly client: SFNClient;
  stop(): Promise<void>;
}

/**
 * Serves a deployed state machine by the interpreter of local-stepfunctions, under its own ARN. Its tasks, its reader and
 * its result writer call the emulator in the name of the state machine's role.
 */
export const statesOnEmulator = async (
  miniStack: MiniStack,
  region: string,
  stateMachineArn: string,
): Promise<StatesOnEmulator> => {
  const { endpoint, credentials } = miniStack;
  const own = new SFNClient({ endpoint, region, credentials });
  const deployed = await own.send(new DescribeStateMachineCommand({ stateMachineArn }));
  own.destroy();

  const session = await sessionOf(miniStack, String(deployed.roleArn));
  // The definition says what is tried again.
  const inItsName = { endpoint, region, credentials: session, maxAttempts: 1 };
  const lambda = new LambdaClient(inItsName);
  const sns = new SNSClient(inItsName);
  const s3 = new S3Client({ ...inItsName, forcePathStyle: true });
  const service = await startStatesService({
    handlers: taskCalls(lambda, sns),
    objects: s3Store(s3),
    region,
    accountId: stateMachineArn.split(':')[4] ?? '',
  });
  const client = new SFNClient({ endpoint: service.endpoint, region, credentials });
  const { name, type, definition, roleArn } = deployed;
  await client.send(new CreateStateMachineCommand({ name, type, definition, roleArn }));
  return {
    endpoint: service.endpoint,
    client,
    async stop() {
      await service.stop();
      for (const each of [client, lambda, sns, s3]) each.destroy();
    },
  };
};
