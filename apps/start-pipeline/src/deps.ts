import {
  DescribeExecutionCommand,
  ExecutionAlreadyExists,
  ExecutionDoesNotExist,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { datasets } from '@sluice/datasets';
import { parseEnv } from '@sluice/lambda-kit';
import { type ChosenWorkflow, csvMapOf } from '@sluice/workflows';
import { environment } from './env.ts';
import type { StartPipelineDeps } from './start-pipeline.ts';

export const buildDeps = (): StartPipelineDeps => {
  const { ETL_ARN, LAMBDA_MAX_BYTES, ...csvMaps } = parseEnv(environment);
  // What is missing fails the cold start, not the first large object of that dataset.
  for (const dataset of datasets.values()) {
    const delimiter = csvMapOf(dataset);
    if (delimiter !== null && csvMaps[`CSV_MAP_${delimiter}_ARN`] === undefined)
      throw new Error(`Environment: CSV_MAP_${delimiter}_ARN is missing, and ${dataset.name} needs it.`);
  }
  const arns = [ETL_ARN, ...Object.values(csvMaps)].filter((arn) => arn !== undefined);
  const arnOf = (chosen: ChosenWorkflow): string => {
    const arn = chosen.workflow === 'etl' ? ETL_ARN : csvMaps[`CSV_MAP_${chosen.delimiter}_ARN`];
    if (arn === undefined) throw new Error(`There is no state machine for ${JSON.stringify(chosen)}.`);
    return arn;
  };
  const client = new SFNClient({});
  const hasExecution = async (stateMachineArn: string, name: string): Promise<boolean> => {
    const executionArn = `${stateMachineArn.replace(':stateMachine:', ':execution:')}:${name}`;
    try {
      // Without its data, which we may not decrypt.
      await client.send(new DescribeExecutionCommand({ executionArn, includedData: 'METADATA_ONLY' }));
      return true;
    } catch (error) {
      if (error instanceof ExecutionDoesNotExist) return false;
      throw error;
    }
  };
  return {
    findDataset: (name) => datasets.get(name),
    lambdaMaxBytes: LAMBDA_MAX_BYTES,
    async startExecution(run, chosen) {
      try {
        await client.send(
          new StartExecutionCommand({
            stateMachineArn: arnOf(chosen),
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
    async isElsewhere({ runId }, chosen) {
      const others = arns.filter((arn) => arn !== arnOf(chosen));
      const found = await Promise.all(others.map((arn) => hasExecution(arn, runId)));
      return found.includes(true);
    },
  };
};
