import { execFile } from 'node:child_process';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { createStream, startEventSourceMapping, startKinesis } from '../../src/kinesis/index.ts';
import { localStream, numbersIn } from './local-stream.ts';

test('closing ends connections that are kept open, and frees the port', async () => {
  const first = await startKinesis();
  const port = Number(new URL(first.endpoint).port);
  const idle = connect(port, '127.0.0.1');
  const ended = new Promise((resolve) => idle.once('close', resolve));
  await new Promise((resolve) => idle.once('connect', resolve));
  await first.close();
  await ended;
  const second = await startKinesis({ port });
  expect(second.endpoint).toBe(first.endpoint);
  await second.close();
});

test('a client that breaks off its request does no harm', async () => {
  // kinesalite would throw where no test can catch it: look from outside at the process that it would end.
  const script = `
    import { execFile } from 'node:child_process';
import { connect } from 'node:net';
    import { setTimeout as sleep } from 'node:timers/promises';
    import { startKinesis } from '${new URL('../../src/kinesis/index.ts', import.meta.url)}';
    const kinesis = await startKinesis();
    const client = connect(new URL(kinesis.endpoint).port, '127.0.0.1');
    client.write('POST / HTTP/1.1\\r\\nHost: localhost\\r\\nContent-Length: 9\\r\\n\\r\\n{');
    await sleep(50);
    client.resetAndDestroy();
    await sleep(50);
    await kinesis.close();
    console.log('closed');`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script]);
  expect(stdout).toBe('closed\n');
});

test('a client that never ends its request does not hold up closing', async () => {
  const kinesis = await startKinesis();
  const client = connect(Number(new URL(kinesis.endpoint).port), '127.0.0.1');
  client.on('error', () => {});
  client.write('POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{');
  await sleep(50);
  const began = performance.now();
  await kinesis.close();
  expect(performance.now() - began).toBeLessThan(3_000);
});

test('records can be refused while those that were taken are read', async () => {
  const stream = await localStream();
  await stream.put(0, 3);
  stream.refuseRecords();
  await expect(stream.put(3, 4)).rejects.toThrow('takes no records');
  const took: number[] = [];
  const mapping = await startEventSourceMapping({
    client: stream.client,
    streamName: stream.name,
    handler: async (event) => void took.push(...numbersIn(event)),
  });
  await mapping.caughtUp();
  expect(took).toEqual([0, 1, 2]);
  await mapping.stop();
  await stream.close();
});

test('a stream that is there is taken as it is', async () => {
  const stream = await localStream();
  await stream.put(0, 1);
  await expect(createStream(stream.client, stream.name, 1)).resolves.toBeUndefined();
  await stream.close();
});
