import type { DescribeExecutionOutput, DescribeMapRunOutput } from '@aws-sdk/client-sfn';
import { askAws } from './aws-error.ts';
import type { DeployedLake } from './deployed-lake.ts';

/** What is asked of Step Functions. */
export interface DeployedExecutions {
  /** The run's execution, whichever state machine it went through; null if there is none. */
  readonly find: (runId: string) => Promise<DescribeExecutionOutput | null>;
  readonly describe: (executionArn: string) => Promise<DescribeExecutionOutput>;
  /**
   * Starts an execution and gives its ARN, that of the running one if it has the same input; null if there was one of that
   * name, whose names AWS keeps for 90 days.
   */
  readonly start: (stateMachineArn: string, name: string, input: string) => Promise<string | null>;
  /** The last Map Run of the execution; null if it had none. */
  readonly mapRun: (executionArn: string) => Promise<DescribeMapRunOutput | null>;
  /** Why AWS does not redrive the execution, in its own words; null if it does. */
  readonly redrive: (executionArn: string) => Promise<string | null>;
}

/** Runs `work` with a client for the environment's Step Functions. */
export const withExecutions = async <T>(
  { region, executionArns }: DeployedLake,
  work: (executions: DeployedExecutions) => Promise<T>,
): Promise<T> => {
  const sdk = await import('@aws-sdk/client-sfn');
  const client = new sdk.SFNClient({ region });
  const describe = (executionArn: string): Promise<DescribeExecutionOutput> =>
    askAws('states:DescribeExecution', () => client.send(new sdk.DescribeExecutionCommand({ executionArn })));
  try {
    return await work({
      describe,
      find: async (runId) => {
        const answers = await Promise.allSettled(executionArns(runId).map(describe));
        const found = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
        const newest = found.toSorted((a, b) => Number(b.startDate ?? 0) - Number(a.startDate ?? 0))[0];
        if (newest) return newest;
        // Whoever may see one state machine only hears that of the others, whether they exist or not.
        for (const answer of answers) {
          if (answer.status === 'rejected' && !(answer.reason instanceof sdk.ExecutionDoesNotExist))
            throw answer.reason;
        }
        return null;
      },
      start: async (stateMachineArn, name, input) => {
        try {
          const { executionArn } = await askAws('states:StartExecution', () =>
            client.send(new sdk.StartExecutionCommand({ stateMachineArn, name, input })),
          );
          return executionArn ?? null;
        } catch (error) {
          if (error instanceof sdk.ExecutionAlreadyExists) return null;
          throw error;
        }
      },
      mapRun: async (executionArn) => {
        const { mapRuns = [] } = await askAws('states:ListMapRuns', () =>
          client.send(new sdk.ListMapRunsCommand({ executionArn })),
        );
        const last = mapRuns.toSorted((a, b) => Number(b.startDate ?? 0) - Number(a.startDate ?? 0))[0];
        const mapRunArn = last?.mapRunArn;
        if (mapRunArn === undefined) return null;
        return askAws('states:DescribeMapRun', () =>
          client.send(new sdk.DescribeMapRunCommand({ mapRunArn })),
        );
      },
      redrive: async (executionArn) => {
        try {
          await askAws('states:RedriveExecution', () =>
            client.send(new sdk.RedriveExecutionCommand({ executionArn })),
          );
          return null;
        } catch (error) {
          if (error instanceof sdk.ExecutionNotRedrivable || error instanceof sdk.ExecutionLimitExceeded)
            return error.message;
          throw error;
        }
      },
    });
  } finally {
    client.destroy();
  }
};
