import { ExecutionAlreadyExists, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { datasets } from '@sluice/datasets';
import { parseEnv } from '@sluice/lambda-kit';
import { environment } from './env.ts';
import type { StartPipelineDeps } from './start-pipeline.ts';

export const buildDeps = (): StartPipelineDeps => {
  const { STATE_MACHINE_ARN } = parseEnv(environment);
  const client = new SFNClient({});
  return {
    isDataset: (name) => datasets.has(name),
    async startExecution(run) {
      try {
        await client.send(
          new StartExecutionCommand({
            stateMachineArn: STATE_MACHINE_ARN,
            name: run.runId,
            input: JSON.stringify(run),
          }),
        );
        return 'started';
      } catch (error) {
        if (error instanceof ExecutionAlreadyExists) return 'exists';
        throw error;
      }
    },
  };
};
