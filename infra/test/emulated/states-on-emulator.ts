import { LambdaClient } from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import { CreateStateMachineCommand, DescribeStateMachineCommand, SFNClient } from '@aws-sdk/client-sfn';
import { SNSClient } from '@aws-sdk/client-sns';
import type { MiniStack } from '@sluice/aws-emulator';
import { s3Store } from '@sluice/lake-storage/s3';
import type { TaskHandlers } from '@sluice/local-stepfunctions';
import { startStatesService } from '@sluice/local-stepfunctions/service';
import { type SessionCredentials, sessionOf } from './role-session.ts';
import { taskCalls } from './task-calls.ts';

/** Step Functions in place of the emulator's own, with one deployed state machine. */
export interface StatesOnEmulator {
  readonly endpoint: string;
  readonly client: SFNClient;
  stop(): Promise<void>;
}

/**
 * Serves a deployed state machine by the interpreter of local-stepfunctions, under its own ARN. Its tasks, its reader and
 * its result writer call the emulator in the name of the state machine's role. `moreCalls`: what its states call besides
 * functions and topics.
 */
export const statesOnEmulator = async (
  miniStack: MiniStack,
  region: string,
  stateMachineArn: string,
  moreCalls: (session: SessionCredentials) => TaskHandlers = () => ({}),
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
    handlers: { ...taskCalls(lambda, sns), ...moreCalls(session) },
    objects: s3Store(s3),
    region,
    accountId: stateMachineArn.split(':')[4] ?? '',
  });
  const client = new SFNClient({ endpoint: service.endpoint, region, credentials });
  const stop = async (): Promise<void> => {
    await service.stop();
    for (const each of [client, lambda, sns, s3]) each.destroy();
  };
  const { name, type, definition, roleArn } = deployed;
  try {
    await client.send(new CreateStateMachineCommand({ name, type, definition, roleArn }));
  } catch (cause) {
    await stop();
    throw cause;
  }
  return { endpoint: service.endpoint, client, stop };
};
