import {
  CreateStateMachineCommand,
  DeleteStateMachineCommand,
  DescribeExecutionCommand,
  DescribeMapRunCommand,
  DescribeStateMachineCommand,
  ListMapRunsCommand,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import type { MiniStack } from '@sluice/aws-emulator';
import { type HandledBatch, handledBatch, type RunInput } from '@sluice/step-contracts';
import { mapLabel } from '@sluice/workflows';
import { z } from 'zod';
import { until } from './until.ts';

const distributedMap = z.looseObject({
  ItemSelector: z.record(z.string(), z.json()),
  ItemBatcher: z.looseObject({ BatchInput: z.json() }),
});
const definition = z.object({ States: z.object({ [mapLabel]: distributedMap }) });

/** What the emulator's own Distributed Map made of an object. */
export interface RowChildren {
  readonly status: string | undefined;
  readonly itemCounts: unknown;
  readonly answers: readonly HandledBatch[];
}

/**
 * Runs the Map of a deployed state machine on the emulator's own Step Functions, which ignores ItemBatcher and
 * ResultWriter: each item is made a batch of one row here, and what the children answer is the output. The rest of the state
 * is as it was deployed, and its role is the machine's.
 */
export const runRowChildren = async (
  { endpoint, credentials }: MiniStack,
  region: string,
  deployedArn: string,
  run: RunInput,
): Promise<RowChildren> => {
  const sfn = new SFNClient({ endpoint, region, credentials });
  const deployed = await sfn.send(new DescribeStateMachineCommand({ stateMachineArn: deployedArn }));
  const map = definition.parse(JSON.parse(deployed.definition ?? '')).States[mapLabel];
  const { ItemBatcher, ItemSelector, Next: _next, Catch: _catch, ResultPath: _path, ...asDeployed } = map;
  const rowByRow = {
    ...asDeployed,
    ItemSelector: { BatchInput: ItemBatcher.BatchInput, Items: [ItemSelector] },
    End: true,
  };
  const { stateMachineArn } = await sfn.send(
    new CreateStateMachineCommand({
      name: `${deployed.name}-row-by-row`,
      roleArn: deployed.roleArn,
      definition: JSON.stringify({ StartAt: mapLabel, States: { [mapLabel]: rowByRow } }),
    }),
  );
  try {
    const input = JSON.stringify({ ...run, source: { object: run.object } });
    const { executionArn } = await sfn.send(new StartExecutionCommand({ stateMachineArn, input }));
    const describe = () => sfn.send(new DescribeExecutionCommand({ executionArn }));
    await until('the row by row execution has ended', 60_000, async () => {
      const { status } = await describe();
      return { done: status !== 'RUNNING', seen: String(status) };
    });
    const { status, output = '[]' } = await describe();
    const { mapRuns = [] } = await sfn.send(new ListMapRunsCommand({ executionArn }));
    const { mapRunArn } = mapRuns[0] ?? {};
    const { itemCounts } = await sfn.send(new DescribeMapRunCommand({ mapRunArn }));
    const answers = z.array(z.object({ result: handledBatch })).parse(JSON.parse(output));
    return { status, itemCounts, answers: answers.map(({ result }) => result) };
  } finally {
    await sfn.send(new DeleteStateMachineCommand({ stateMachineArn }));
    sfn.destroy();
  }
};
