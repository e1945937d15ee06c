import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  CreateStateMachineCommand,
  type DescribeExecutionOutput,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { datasets } from '@sluice/datasets';
import { embeddedZones, mendedKey, objectIdOf, runIdOf } from '@sluice/lake-storage/zones';
import { type StatesService, startStatesService } from '@sluice/local-stepfunctions/service';
import { keepObject } from '@sluice/record-transform';
import type { RunInput } from '@sluice/step-contracts';
import type { DeployedLake } from '../../src/deployed/deployed-lake.ts';
import { type DeployedExecutions, withExecutions } from '../../src/deployed/executions.ts';
import { type Lake, openOrCreateLake } from '../../src/lake/open-lake.ts';
import { embeddedLakeZones } from '../../src/quarantine/lake-zones.ts';
import { landMendedObject, mendedObjects } from '../../src/quarantine/mended-objects.ts';
import { readMendedRows } from '../../src/quarantine/mended-rows.ts';
import { replayDeployed, replayName, stateMachineOf } from '../../src/quarantine/replay-deployed.ts';
import { LABEL_COLUMN, labelOf } from '../../src/quarantine/row-label.ts';
import { etlMachine } from '../../src/run/etl-machine.ts';
import { stepsOf } from '../../src/run/steps.ts';
import { taskHandlers } from '../../src/run/task-handlers.ts';
import { AS_OF, HEADER } from '../orders.ts';
import { newFolder } from '../sluice.ts';
import { onlyManifest, terminalOf } from './replay.ts';

const region = 'eu-central-1';
const accountId = '111122223333';
const machineArn = `arn:aws:states:${region}:${accountId}:stateMachine:sluice-dev-etl`;

const deployed: DeployedLake = {
  environment: 'dev',
  region,
  accountId,
  bucketOf: (zone) => embeddedZones[zone],
  arnOf: (service, name) => `arn:aws:${service}:${region}:${accountId}:sluice-dev-${name}`,
  stateMachineArn: (name) => machineArn.replace('etl', name),
  executionArns: (runId) => [`${machineArn.replace(':stateMachine:', ':execution:')}:${runId}`],
};

const variables = ['AWS_ENDPOINT_URL_SFN', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'] as const;
const outside = Object.fromEntries(variables.map((name) => [name, process.env[name]]));

let folder: Awaited<ReturnType<typeof newFolder>>;
let service: StatesService;
let client: SFNClient;
let lake: Lake;

/** The deployed state machine behind Step Functions' protocol, on folders for buckets. */
beforeAll(async () => {
  folder = await newFolder();
  const scratchDir = join(folder.path, 'scratch');
  await mkdir(scratchDir);
  lake = await openOrCreateLake(join(folder.path, 'lake'));
  const steps = stepsOf({
    store: lake.store,
    scratchDir,
    pseudonymKey: undefined,
    open: (opening, work) => keepObject().open({ ...opening, scratchDir }, work),
    onProgress: () => undefined,
    onDeadLetter: () => undefined,
  });
  const handlers = taskHandlers({
    steps,
    notify: () => undefined,
    crawl: async () => undefined,
    runSpark: () => Promise.reject(new Error('Spark was asked for')),
  });
  service = await startStatesService({ handlers, region, accountId });
  Object.assign(process.env, {
    AWS_ENDPOINT_URL_SFN: service.endpoint,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  });
  client = new SFNClient({ region });
  await client.send(
    new CreateStateMachineCommand({
      name: 'sluice-dev-etl',
      definition: JSON.stringify(etlMachine()),
      roleArn: `arn:aws:iam::${accountId}:role/etl`,
    }),
  );
}, 60_000);
afterAll(async () => {
  client.destroy();
  await service.stop();
  for (const name of variables) {
    if (outside[name] === undefined) delete process.env[name];
    else process.env[name] = outside[name];
  }
  await folder.remove();
});

const order = (id: number, amount = '10'): string =>
  `A${id},ann,a${id}@example.com,${amount},1,10,ACTIVE,2025-05-01 10:00:00,01`;
const bad = order(40, 'ten');

/** An object arrives, and start-pipeline starts its run. */
const arrive = async (): Promise<RunInput> => {
  const at = { bucket: 'raw', key: 'incoming/orders/orders.csv' };
  const rows = Array.from({ length: 40 }, (_, id) => order(id));
  const body = Buffer.from(`${[HEADER, ...rows, bad].join('\n')}\n`);
  const stored = await lake.store.put(at, body);
  if (stored.outcome !== 'stored') throw new Error('not stored');
  const object = { ...at, size: body.length, etag: stored.etag };
  const run: RunInput = { runId: runIdOf('orders', object), dataset: 'orders', asOf: AS_OF, object };
  await client.send(
    new StartExecutionCommand({ stateMachineArn: machineArn, name: run.runId, input: JSON.stringify(run) }),
  );
  await withExecutions(deployed, async ({ find }) => {
    while ((await find(run.runId))?.status === 'RUNNING') await new Promise((done) => setTimeout(done, 50));
  });
  return run;
};

const replay = async (runId: string, file?: string): Promise<unknown> => {
  const terminal = terminalOf();
  const zones = { ...embeddedLakeZones(lake), name: 'dev', option: ' --env dev' };
  await withExecutions(deployed, (executions) =>
    replayDeployed(
      { lake: deployed, zones, executions },
      runId,
      { text: (option) => (option === 'with' ? file : undefined), json: true },
      terminal,
    ),
  );
  return JSON.parse(terminal.printed.join(''));
};

const statusOf = (name: string) =>
  withExecutions(deployed, async ({ find }) => (await find(name))?.status ?? null);

describe('replaying a run of a deployed lake', () => {
  test('executes its state machine again under a name of its own, with the clock of the first time', async () => {
    const { runId } = await arrive();
    const file = join(folder.path, 'mended.csv');
    const mended = `${labelOf(41, Buffer.from(bad))},${order(40)}`;
    await writeFile(file, `${LABEL_COLUMN},${HEADER}\n${mended}\n`);
    expect(await replay(runId, file)).toMatchObject({
      runId,
      asOf: AS_OF,
      status: 'published',
      before: { rowsIn: 41, accepted: 40, quarantined: 1 },
      after: { rowsIn: 41, accepted: 41, quarantined: 0 },
    });
    expect(await statusOf(`${runId}-replay-1`)).toBe('SUCCEEDED');
    expect(await onlyManifest(lake.root)).toMatchObject({ runId, asOf: AS_OF });

    expect(await replay(runId, file)).toMatchObject({ changed: false });
    expect(await statusOf(`${runId}-replay-2`)).toBeNull();

    expect(await replay(runId)).toMatchObject({ after: { accepted: 41 } });
    expect(await statusOf(`${runId}-replay-2`)).toBe('SUCCEEDED');
  }, 60_000);

  const running: DescribeExecutionOutput = {
    executionArn: 'arn:of:it',
    stateMachineArn: machineArn,
    status: 'RUNNING',
    startDate: new Date(0),
  };
  const withFakes = (executions: Partial<DeployedExecutions>, runId: string) => {
    const zones = { ...embeddedLakeZones(lake), executed: async () => [runId] };
    const none: DeployedExecutions = {
      find: async () => null,
      describe: async () => running,
      start: async () => null,
      mapRun: async () => null,
      redrive: async () => null,
    };
    return replayDeployed(
      { lake: deployed, zones, executions: { ...none, ...executions } },
      runId,
      { text: () => undefined, json: true },
      terminalOf(),
    );
  };

  test('waits for nobody: what is under way is told', async () => {
    const { runId } = await onlyManifest(lake.root);
    await expect(
      withFakes({ find: async (name) => (name === runId ? running : null) }, runId),
    ).rejects.toThrow('is running (arn:of:it)');
    await expect(
      withFakes({ find: async (name) => (name.endsWith('-replay-1') ? running : null) }, runId),
    ).rejects.toThrow('is running (arn:of:it)');
    await expect(withFakes({}, runId)).rejects.toThrow('somebody else has started');
  });

  test('has a name that Step Functions takes, and the machine of today once AWS has forgotten the first', async () => {
    const { runId } = await onlyManifest(lake.root);
    const started: (readonly string[])[] = [];
    const start = async (machine: string, name: string): Promise<null> => {
      started.push([machine, name]);
      return null;
    };
    await expect(withFakes({ start }, runId)).rejects.toThrow('somebody else');
    expect(started).toEqual([[machineArn, `${runId}-replay-1`]]);
  });
});

test('an object whose execution AWS has forgotten goes where it would go if it arrived today', () => {
  const orders = datasets.get('orders');
  if (!orders) throw new Error('no dataset');
  const nameOf = (key: string, size: number): string | undefined =>
    stateMachineOf(deployed, orders, { bucket: 'raw', key, size, etag: 'e' }).split(':').at(-1);
  expect(nameOf('incoming/orders/a.csv', 1000)).toBe('sluice-dev-etl');
  expect(nameOf('incoming/orders/a.csv', 9e9)).toBe('sluice-dev-csv-map-comma');
  expect(nameOf('incoming/orders/a.csv.gz', 9e9)).toBe('sluice-dev-etl');
});

describe('the name of a replay', () => {
  test('has at most 80 characters, and keeps the hash', () => {
    const long = `${'d'.repeat(47)}-${'0'.repeat(32)}`;
    expect(replayName(long, 12)).toBe(`${'d'.repeat(37)}-${'0'.repeat(32)}-replay-12`);
    expect(replayName(long, 12)).toHaveLength(80);
    expect(replayName('orders-0123456789abcdef0123456789abcdef', 1)).toBe(
      'orders-0123456789abcdef0123456789abcdef-replay-1',
    );
  });
});

test("two people who mend at once do not lose each other's rows: the second is told", async () => {
  const { runId, object } = await onlyManifest(lake.root);
  const zones = embeddedLakeZones(lake);
  const number = (await mendedObjects(zones, 'orders', runId)).length + 1;
  const other = mendedKey({
    dataset: 'orders',
    runId,
    objectId: objectIdOf(object),
    number,
    rowsId: 'f'.repeat(16),
    name: 'orders.csv',
  });
  const dataset = datasets.get('orders');
  if (!dataset) throw new Error('no dataset');
  const file = join(folder.path, 'second.csv');
  await writeFile(
    file,
    `${LABEL_COLUMN},${HEADER}\n${labelOf(1, Buffer.from(order(0)))},${order(0, '11')}\n`,
  );
  const mending = landMendedObject({
    zones: {
      ...zones,
      store: {
        ...lake.store,
        head: (at) => lake.store.head(at),
        read: (at, options) => lake.store.read(at, options),
        delete: (at) => lake.store.delete(at),
        list: (bucket, prefix) => lake.store.list(bucket, prefix),
        // The other one is just a moment faster.
        put: async (at, body, options) => {
          await lake.store.put({ bucket: 'raw', key: other }, Buffer.from('theirs'));
          return lake.store.put(at, body, options);
        },
      },
    },
    dataset,
    run: { runId, dataset: 'orders', asOf: AS_OF, object },
    before: number - 1,
    rows: await readMendedRows(file, dataset),
    path: file,
  });
  await expect(mending).rejects.toThrow('somebody else is replaying');
  const left = await mendedObjects(zones, 'orders', runId);
  expect(left.filter((one) => one.number === number).map(({ rowsId }) => rowsId)).toEqual(['f'.repeat(16)]);
});
