import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import {
  CreateStateMachineCommand,
  DescribeExecutionCommand,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { TaskError } from '@sluice/local-stepfunctions';
import { type StatesService, startStatesService } from '@sluice/local-stepfunctions/service';
import { type Ended, sluice } from './sluice.ts';

const ACCOUNT = '123456789012';
const REGION = 'eu-central-1';
const CREDENTIALS = { AWS_ACCESS_KEY_ID: 'AKIA', AWS_SECRET_ACCESS_KEY: 'secret' };

/** A server on this machine, and how to be rid of it. */
const serve = async (answer: (body: string, target: string) => { status: number; body: string }) => {
  const server: Server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const { status, body: text } = answer(body, String(request.headers['x-amz-target']).split('.')[1] ?? '');
    response.writeHead(status).end(text);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    close: () => new Promise((resolve) => server.close(resolve)),
  };
};

/** What STS answers to whoever has credentials. */
const identity = `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
  <Arn>arn:aws:iam::${ACCOUNT}:user/operator</Arn><UserId>AIDA</UserId><Account>${ACCOUNT}</Account>
</GetCallerIdentityResult></GetCallerIdentityResponse>`;

// Ten rows in batches of two. The fourth batch fails until it is mended; then the rest is not started.
const definition = {
  StartAt: 'ProcessCsvRows',
  States: {
    ProcessCsvRows: {
      Type: 'Map',
      Label: 'ProcessCsvRows',
      ItemBatcher: { MaxItemsPerBatch: 2 },
      MaxConcurrency: 1,
      ItemProcessor: {
        ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
        StartAt: 'ProcessRows',
        States: {
          ProcessRows: { Type: 'Task', Resource: 'arn:aws:states:::lambda:invoke', End: true },
        },
      },
      Next: 'Judge',
    },
    Judge: {
      Type: 'Choice',
      Choices: [{ Variable: '$$.Execution.Input[0]', NumericEquals: 0, Next: 'Done' }],
      Default: 'QualityBelowThreshold',
    },
    Done: { Type: 'Succeed' },
    QualityBelowThreshold: { Type: 'Fail', Error: 'QualityBelowThreshold', Cause: 'it scores 12 of 100' },
  },
};

let states: StatesService;
let sts: Awaited<ReturnType<typeof serve>>;
let client: SFNClient;
let isMended = false;
let batches = 0;

beforeAll(async () => {
  sts = await serve(() => ({ status: 200, body: identity }));
  states = await startStatesService({
    region: REGION,
    accountId: ACCOUNT,
    handlers: {
      'lambda:invoke': async (input) => {
        batches += 1;
        if (!isMended && JSON.stringify(input).includes('[6,7]'))
          throw new TaskError('OutOfLuck', 'no queue');
        return {};
      },
    },
  });
  client = new SFNClient({
    endpoint: states.endpoint,
    region: REGION,
    credentials: { accessKeyId: 'any', secretAccessKey: 'any' },
  });
  await client.send(
    new CreateStateMachineCommand({
      name: 'sluice-dev-csv-map-comma',
      roleArn: `arn:aws:iam::${ACCOUNT}:role/states`,
      definition: JSON.stringify(definition),
    }),
  );
});
afterAll(async () => {
  client.destroy();
  await states.stop();
  await sts.close();
});

const arnOf = (resource: string): string => `arn:aws:states:${REGION}:${ACCOUNT}:${resource}`;
const executionArnOf = (runId: string): string => arnOf(`execution:sluice-dev-csv-map-comma:${runId}`);
const orders = (digit: string): string => `orders-${digit.repeat(32)}`;

/** Runs to its end. */
const executed = async (runId: string, first = 0): Promise<void> => {
  const input = JSON.stringify([first, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  const stateMachineArn = arnOf('stateMachine:sluice-dev-csv-map-comma');
  await client.send(new StartExecutionCommand({ stateMachineArn, name: runId, input }));
  for (;;) {
    const { status } = await client.send(
      new DescribeExecutionCommand({ executionArn: executionArnOf(runId) }),
    );
    if (status !== 'RUNNING') return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
};

const redrive = (runId: string, options: readonly string[] = [], env = {}): Promise<Ended> =>
  sluice(['redrive', runId, '--env', 'dev', ...options], {
    env: { ...CREDENTIALS, AWS_ENDPOINT_URL_STS: sts.url, AWS_ENDPOINT_URL_SFN: states.endpoint, ...env },
  });

describe('a run of a deployed lake', () => {
  test('goes on with the batches that failed or were never started, and is watched to its end', async () => {
    await executed(orders('a'));
    [isMended, batches] = [true, 0];
    const { code, stdout, stderr } = await redrive(orders('a'), ['--json']);
    isMended = false;
    expect([code, batches]).toEqual([0, 2]);
    expect(stderr).toMatch(new RegExp(`^  Run +${orders('a')}  succeeded on dev in `, 'm'));
    expect(stderr).toMatch(/^ +redrive 1: 2 of 5 batches ran again, 3 had been done$/m);
    expect(stderr).toMatch(/^ {2}Map run +5 batches · 5 processed$/m);
    expect(JSON.parse(stdout)).toMatchObject({
      environment: 'dev',
      runId: orders('a'),
      execution: { executionArn: executionArnOf(orders('a')), status: 'SUCCEEDED', redriveCount: 1 },
      mapRun: { itemCounts: { succeeded: 10 }, executionCounts: { succeeded: 5 } },
      batchesDoneBefore: 3,
    });
  }, 30_000);

  test('that fails again says why, and what is not done', async () => {
    await executed(orders('b'));
    const { code, stderr } = await redrive(orders('b'));
    expect(code).toBe(1);
    expect(stderr).toMatch(/ failed on dev in .*\n.*\n.*\(States\.ExceedToleratedFailureThreshold\)/);
    expect(stderr).toMatch(/5 batches · 3 processed · 1 failed · 1 not started/);
  }, 30_000);

  test('need not be waited for', async () => {
    await executed(orders('c'));
    const { code, stderr } = await redrive(orders('c'), ['--no-wait']);
    expect([code, stderr]).toEqual([0, expect.stringContaining(`${orders('c')}  running on dev`)]);
    const described = await client.send(
      new DescribeExecutionCommand({ executionArn: executionArnOf(orders('c')) }),
    );
    expect(described.redriveCount).toBe(1);
  }, 30_000);
});

describe('one line says why not:', () => {
  const why = async (ended: Promise<Ended>): Promise<string> => {
    const { code, stderr } = await ended;
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    return `${code} ${stderr.trimEnd()}`;
  };

  test('it has succeeded', async () => {
    isMended = true;
    await executed(orders('d'));
    isMended = false;
    expect(await why(redrive(orders('d')))).toBe(
      `2 sluice: nothing to redrive: ${orders('d')} has succeeded`,
    );
  }, 30_000);

  test('its object was refused', async () => {
    isMended = true;
    await executed(orders('e'), 1);
    isMended = false;
    expect(await why(redrive(orders('e')))).toBe(
      '2 sluice: not redrivable: the object was refused (it scores 12 of 100); mend it and send it anew',
    );
  }, 30_000);

  test('there is none of that name, or no such environment', async () => {
    expect(await why(redrive(orders('f')))).toMatch(/^2 sluice: dev has no execution orders-f{32}; write /);
    expect(await why(redrive(orders('f'), ['--env', 'prd']))).toMatch(
      /^2 sluice: there is no environment "prd"; did you mean prod\?/,
    );
    expect(await why(sluice(['redrive', 'orders', '--no-wait']))).toMatch(
      /^2 sluice: --no-wait is for --env/,
    );
  }, 30_000);

  test('there are no credentials', async () => {
    const none = {
      AWS_ACCESS_KEY_ID: '',
      AWS_SECRET_ACCESS_KEY: '',
      AWS_PROFILE: '',
      AWS_CONFIG_FILE: '/dev/null',
      AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
      AWS_EC2_METADATA_DISABLED: 'true',
    };
    expect(await why(redrive(orders('a'), [], none))).toMatch(
      /^1 sluice: no AWS credentials were found: .*; run `aws sso login`, or set AWS_PROFILE/,
    );
  }, 30_000);

  test.each([
    [
      'DescribeExecution',
      { __type: 'AccessDeniedException', message: 'User: operator is not authorized' },
      /^1 sluice: these credentials may not states:DescribeExecution: User: operator is not authorized; ask for/,
    ],
    [
      'RedriveExecution',
      { __type: 'AccessDeniedException', Message: 'User: operator is not authorized' },
      /^1 sluice: these credentials may not states:RedriveExecution: User: operator is not authorized; ask for/,
    ],
    [
      'RedriveExecution',
      { __type: 'ExecutionNotRedrivable', message: 'Execution redrivable period exceeded' },
      /^1 sluice: AWS does not redrive orders-a+: Execution redrivable period exceeded; start it anew: docs/,
    ],
    [
      'DescribeExecution',
      { __type: 'KmsAccessDeniedException', message: 'not authorized to perform: kms:Decrypt' },
      /^1 sluice: these credentials cannot use the lake's key: .*; ask for kms:Decrypt/,
    ],
  ])(
    'AWS refuses %s with %j',
    async (action, error, line) => {
      const answers: Record<string, object> = {
        DescribeExecution: {
          executionArn: executionArnOf(orders('a')),
          status: 'FAILED',
          redriveStatus: 'REDRIVABLE',
        },
        ListMapRuns: { mapRuns: [] },
      };
      const server = await serve((_body, target) =>
        target === action
          ? { status: 400, body: JSON.stringify(error) }
          : { status: 200, body: JSON.stringify(answers[target]) },
      );
      try {
        expect(await why(redrive(orders('a'), [], { AWS_ENDPOINT_URL_SFN: server.url }))).toMatch(line);
      } finally {
        await server.close();
      }
    },
    30_000,
  );
});
