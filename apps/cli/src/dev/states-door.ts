import { CreateStateMachineCommand, SFNClient } from '@aws-sdk/client-sfn';
import { datasets } from '@sluice/datasets';
import { type StatesService, startStatesService } from '@sluice/local-stepfunctions/service';
import { keepObject } from '@sluice/record-transform';
import { csvMapOf, type StateMachine } from '@sluice/workflows';
import type { Lake } from '../lake/open-lake.ts';
import { type Engines, SPARK_ABOVE_BYTES } from '../run/choose-engine.ts';
import { csvMapMachine } from '../run/csv-map-machine.ts';
import { ANY_SIZE, etlMachine } from '../run/etl-machine.ts';
import { sparkStep } from '../run/spark-step.ts';
import { stepsOf } from '../run/steps.ts';
import { taskHandlers } from '../run/task-handlers.ts';
import { machineNameOf } from './arrivals.ts';

export interface StatesDoor extends Pick<StatesService, 'endpoint' | 'startExecution' | 'stop'> {
  /** By their names: `etl`, `csv-map-comma`, … */
  readonly machineArns: ReadonlyMap<string, string>;
}

/**
 * Step Functions with the lake's state machines. It shows the runs of what arrives, which have surroundings of their own;
 * executions that others start there work on the same lake.
 */
export const openStatesDoor = async (
  lake: Lake,
  port: number,
  scratchDir: string,
  pseudonymKey: string | undefined,
  engines: Engines,
): Promise<StatesDoor> => {
  const ignore = (): void => undefined;
  const steps = stepsOf({
    store: lake.store,
    scratchDir,
    pseudonymKey,
    open: async (opening, work) => {
      const kept = keepObject();
      try {
        return await kept.open({ ...opening, scratchDir }, work);
      } finally {
        kept.close();
      }
    },
    onProgress: ignore,
    onDeadLetter: ignore,
  });
  const service = await startStatesService({
    port,
    objects: lake.store,
    handlers: taskHandlers({
      steps,
      notify: ignore,
      crawl: async () => undefined,
      runSpark: sparkStep({
        engines,
        lake,
        scratchDir,
        pseudonymKey,
        onProgress: ignore,
        onLog: ignore,
      }),
    }),
  });
  const client = new SFNClient({
    endpoint: service.endpoint,
    region: 'local',
    credentials: { accessKeyId: 'any', secretAccessKey: 'any' },
  });
  try {
    const machineArns = new Map<string, string>();
    // The rule of `chooseEngine`, as the state machine has it.
    const spark = await engines.sparkState();
    const duckdbMaxBytes = spark.state === 'installed' ? SPARK_ABOVE_BYTES : ANY_SIZE;
    for (const [name, definition] of machines(duckdbMaxBytes)) {
      const created = await client.send(
        new CreateStateMachineCommand({
          name,
          definition: JSON.stringify(definition),
          roleArn: 'arn:aws:iam::000000000000:role/sluice',
        }),
      );
      machineArns.set(name, created.stateMachineArn ?? '');
    }
    return { ...service, machineArns };
  } catch (error) {
    await service.stop();
    throw error;
  } finally {
    client.destroy();
  }
};

const machines = (duckdbMaxBytes: number): ReadonlyMap<string, StateMachine> => {
  const found = new Map<string, StateMachine>([['etl', etlMachine(duckdbMaxBytes)]]);
  for (const dataset of datasets.values()) {
    const delimiter = csvMapOf(dataset);
    if (delimiter === null) continue;
    found.set(machineNameOf({ workflow: 'csv-map', delimiter }), csvMapMachine(delimiter));
  }
  return found;
};
