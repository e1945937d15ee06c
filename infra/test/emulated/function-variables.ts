import {
  GetFunctionConfigurationCommand,
  LambdaClient,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import type { MiniStack } from '@sluice/aws-emulator';

/** Gives a deployed function more variables, or other values, and tells how to take them back. */
export const setVariables = async (
  { endpoint, credentials }: MiniStack,
  region: string,
  FunctionName: string,
  variables: Readonly<Record<string, string>>,
): Promise<() => Promise<void>> => {
  const lambda = new LambdaClient({ endpoint, region, credentials });
  const { Environment } = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName }));
  const set = (Variables: Record<string, string>) =>
    lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName, Environment: { Variables } }));
  const own = Environment?.Variables ?? {};
  await set({ ...own, ...variables });
  return async () => {
    await set(own);
    lambda.destroy();
  };
};
