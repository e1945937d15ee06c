import { spawn } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

const lambda = fileURLToPath(new URL('traced-lambda.ts', import.meta.url));

describe('tracing', () => {
  let daemon: Socket;
  let received: Record<string, unknown>[];

  beforeEach(async () => {
    received = [];
    daemon = createSocket('udp4').on('message', (packet) => {
      // A header line, then the segment document: https://docs.aws.amazon.com/xray/latest/devguide/xray-api-sendingdata.html
      received.push(JSON.parse(packet.toString('utf8').split('\n')[1] ?? 'null'));
    });
    daemon.bind(0, '127.0.0.1');
    await once(daemon, 'listening');
  });
  afterEach(() => {
    daemon.close();
  });

  const run = async (environment: Record<string, string>): Promise<void> => {
    const child = spawn(process.execPath, [lambda], {
      env: {
        PATH: process.env.PATH,
        AWS_LAMBDA_FUNCTION_NAME: 'sluice-dev-traced',
        AWS_XRAY_DAEMON_ADDRESS: `127.0.0.1:${daemon.address().port}`,
        AWS_XRAY_CONTEXT_MISSING: 'IGNORE_ERROR',
        ...environment,
      },
      stdio: 'ignore',
    });
    await once(child, 'close');
    await new Promise((resolve) => setTimeout(resolve, 100));
  };

  const inLambda = {
    AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs22.x',
    LAMBDA_TASK_ROOT: '/tmp',
    AWS_LAMBDA_FUNCTION_NAME: 'f',
    _X_AMZN_TRACE_ID: 'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=557abcec3ee5a047;Sampled=1',
  };

  test('shows each invocation with its run, and an error with its name', async () => {
    await run(inLambda);
    expect(received).toEqual([
      expect.objectContaining({
        name: '## works',
        annotations: expect.objectContaining({ runId: 'orders-1', dataset: 'orders', Service: 'works' }),
      }),
      expect.objectContaining({
        name: '## fails',
        fault: true,
        cause: expect.objectContaining({ exceptions: [expect.objectContaining({ type: 'RangeError' })] }),
      }),
    ]);
  });

  test('does not carry what the handler was given or returned', async () => {
    await run(inLambda);
    expect(received.length).toBeGreaterThan(0);
    expect(JSON.stringify(received)).not.toContain('example.com');
  });

  test('is silent outside Lambda', async () => {
    await run({});
    expect(received).toEqual([]);
  });
});
