import {
  DescribeMapRunCommand,
  type DescribeMapRunOutput,
  ListMapRunsCommand,
  RedriveExecutionCommand,
} from '@aws-sdk/client-sfn';
import type { MiniStack } from '@sluice/aws-emulator';
import { stagingPrefix } from '@sluice/lake-storage/zones';
import { stagedName } from '@sluice/step-contracts';
import type { Environment } from '../../src/environments/environment.ts';
import { AppliedLake, type EndedRun } from './applied-lake.ts';
import { setVariables } from './function-variables.ts';
import { messyOrdersFile, ordersFile } from './orders-files.ts';
import { denyObjects } from './role-statements.ts';
import { statesOnEmulator } from './states-on-emulator.ts';

const restMs = 120_000;

/** The last batch of `recorded` and of `redriven` cannot be processed; that of `redriven` cannot be recorded either. */
export const files = {
  messy: { key: 'incoming/orders/mapped/messy.csv', ...messyOrdersFile('messy', 300) },
  recorded: { key: 'incoming/orders/mapped/recorded.csv', ...ordersFile('recorded', 204) },
  redriven: { key: 'incoming/orders/mapped/redriven.csv', ...ordersFile('redriven', 60) },
};
const unprocessed = [stagedName.part(2000, 40), stagedName.part(500, 100)];
const unrecorded = [stagedName.part(500, 100)];

export interface Ends extends Readonly<Record<keyof typeof files, EndedRun>> {
  readonly all: readonly EndedRun[];
}

export interface CsvMapRuns {
  /** As our Step Functions shows it. */
  readonly lake: AppliedLake;
  /** As the runs first ended. Then the fault was mended, and the one that had failed was redriven. */
  readonly first: Ends;
  readonly last: Ends;
  readonly mapRunOf: (run: EndedRun) => Promise<DescribeMapRunOutput>;
  /** The subjects of what the topic of runs was told. */
  readonly subjects: readonly string[];
  stop(): Promise<void>;
}

/**
 * Puts the files into the raw bucket while start-pipeline starts its executions on a Step Functions of ours, and every one of
 * them by csv-map. `deployed`: the lake with the emulator's own Step Functions.
 */
export const runCsvMap = async (
  miniStack: MiniStack,
  environment: Environment,
  deployed: AppliedLake,
): Promise<CsvMapRuns> => {
  const { region } = environment;
  const machineArn = deployed.machineArnOf('csv-map-comma');
  const states = await statesOnEmulator(miniStack, region, machineArn);
  const lake = new AppliedLake(miniStack, environment, states.endpoint);
  const undo = [states.stop, async () => lake.close()];
  const stop = async (): Promise<void> => {
    for (const step of undo.reverse()) await step();
  };
  const ends = async (): Promise<Ends> => {
    const all = await lake.untilAtRest(3, restMs, 'csv-map-comma');
    const of = ({ key }: { readonly key: string }): EndedRun => {
      const [run, ...others] = all.filter(({ input }) => input.object.key === key);
      if (!run || others.length > 0) throw new Error(`${key} has not one run.`);
      return run;
    };
    return { all, messy: of(files.messy), recorded: of(files.recorded), redriven: of(files.redriven) };
  };
  const executionOf = ({ input }: EndedRun): string =>
    `${machineArn.replace(':stateMachine:', ':execution:')}:${input.runId}`;
  const whileFaulty = async (): Promise<Ends> => {
    const arnsOf = (parts: readonly string[]): string[] =>
      parts.map((part) => `arn:aws:s3:::${lake.bucketOf('curated')}/${stagingPrefix('*')}${part}`);
    const mend = await denyObjects(miniStack, {
      [lake.functionOf('process-rows')]: arnsOf(unprocessed),
      [lake.functionOf('record-failed-rows')]: arnsOf(unrecorded),
    });
    try {
      for (const { key, text } of Object.values(files)) await lake.put(key, text);
      return await ends();
    } finally {
      await mend();
    }
  };

  try {
    const topic = await lake.listenToRuns();
    undo.push(topic.stop);
    // What publishing adds is the same for all runs of a day.
    await lake.forgetPartitions('orders');
    const variables = { AWS_ENDPOINT_URL_SFN: states.endpoint, LAMBDA_MAX_BYTES: '1000' };
    undo.push(await setVariables(miniStack, region, lake.functionOf('start-pipeline'), variables));
    const first = await whileFaulty();
    const executionArn = executionOf(first.redriven);
    await states.client.send(new RedriveExecutionCommand({ executionArn }));
    const last = await ends();
    const subjects = (await topic.heard()).flatMap(({ Subject = '' }) => Subject);
    const mapRunOf = async (run: EndedRun): Promise<DescribeMapRunOutput> => {
      const list = new ListMapRunsCommand({ executionArn: executionOf(run) });
      const [one, ...others] = (await states.client.send(list)).mapRuns ?? [];
      if (!one || others.length > 0) throw new Error(`${run.input.object.key} has not one map run.`);
      return states.client.send(new DescribeMapRunCommand({ mapRunArn: one.mapRunArn }));
    };
    return { lake, first, last, mapRunOf, subjects, stop };
  } catch (cause) {
    await stop();
    throw cause;
  }
};
