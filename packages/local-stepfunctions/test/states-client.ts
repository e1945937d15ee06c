import {
  CreateStateMachineCommand,
  DescribeExecutionCommand,
  type DescribeExecutionOutput,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { afterEach } from '@jest/globals';
import { type StatesServiceOptions, startStatesService } from '../src/service/index.ts';

export const ROLE = 'arn:aws:iam::000000000000:role/states';

const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

export function clientOf(endpoint: string): SFNClient {
  const client = new SFNClient({
    endpoint,
    region: 'local',
    credentials: { accessKeyId: 'any', secretAccessKey: 'any' },
    disableHostPrefix: true,
    maxAttempts: 1,
  });
  cleanups.push(() => client.destroy());
  return client;
}

/** A service and a client of it, both gone after the test. */
export async function serve(options: Partial<StatesServiceOptions> = {}) {
  const service = await startStatesService({ handlers: {}, ...options });
  cleanups.push(() => service.stop());
  return { service, client: clientOf(service.endpoint) };
}

export async function createMachine(
  client: SFNClient,
  definition: object,
  options: { readonly name?: string; readonly type?: 'STANDARD' | 'EXPRESS' } = {},
): Promise<string> {
  const created = await client.send(
    new CreateStateMachineCommand({
      name: 'machine',
      roleArn: ROLE,
      definition: JSON.stringify(definition),
      ...options,
    }),
  );
  return created.stateMachineArn ?? '';
}

export async function startNamed(client: SFNClient, stateMachineArn: string, name: string, input = '{}') {
  const started = await client.send(new StartExecutionCommand({ stateMachineArn, name, input }));
  return started.executionArn ?? '';
}

/** The execution's description once it has ended. */
export async function ended(client: SFNClient, executionArn: string): Promise<DescribeExecutionOutput> {
  for (;;) {
    const description = await client.send(new DescribeExecutionCommand({ executionArn }));
    if (description.status !== 'RUNNING') return description;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
