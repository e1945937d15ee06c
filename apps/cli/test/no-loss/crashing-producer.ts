import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { KinesisClient } from '@aws-sdk/client-kinesis';
import { createProducer } from '@sluice/kinesis-producer';
import { chanceOf } from '../crash-rounds/chance.ts';
import { poisonOf } from './numbered-records.ts';

const script = fileURLToPath(new URL('../../../../scripts/produce-records/main.ts', import.meta.url));
/** Then it is left alone: a round has to end. */
const MOST_KILLS = 5;

interface ProducerPlan {
  readonly seed: number;
  readonly file: string;
  readonly folder: string;
  readonly stream: string;
  readonly endpoint: string;
  /** How long it may live the first times, on average. */
  readonly lifeMs: number;
}

/** The producer script, killed now and then and started again, until it says that everything is sent. */
export const produceThroughCrashes = async (plan: ProducerPlan): Promise<{ readonly kills: number }> => {
  const { seed, file, folder, stream, endpoint, lifeMs } = plan;
  const args = [
    ...[script, file, '--stream', stream, '--dataset', 'orders', '--endpoint', endpoint],
    ...['--checkpoint', join(folder, 'produced.json')],
    ...(chanceOf(seed, 'aggregate') < 0.5 ? ['--aggregate'] : []),
    ...(chanceOf(seed, 'ordered') < 0.2 ? ['--ordered'] : []),
  ];
  for (let kills = 0; ; ) {
    const child = spawn(process.execPath, args, {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: {
        ...process.env,
        NODE_OPTIONS: '',
        AWS_ACCESS_KEY_ID: 'any',
        AWS_SECRET_ACCESS_KEY: 'any',
        AWS_REGION: 'us-east-1',
      },
    });
    const said = text(child.stderr);
    const dies = kills < MOST_KILLS && chanceOf(seed, 'kill', kills) < 0.8;
    const timer = dies
      ? setTimeout(() => child.kill('SIGKILL'), 400 + 2 * lifeMs * chanceOf(seed, 'life', kills))
      : undefined;
    const [code, signal] = await once(child, 'exit');
    clearTimeout(timer);
    if (signal === 'SIGKILL') kills += 1;
    else if (code === 0) return { kills };
    // It gives records up after a minute of nothing but faults, and says how to go on.
    else if (code !== 1) throw new Error(`the producer ended with ${code ?? signal}: ${await said}`);
  }
};

/** Sends each poison record until the stream has said that it has it. */
export const sendPoison = async (
  client: KinesisClient,
  stream: string,
  numbers: readonly number[],
  pause: () => Promise<void>,
): Promise<void> => {
  const producer = createProducer({ client, streamName: stream });
  for (const number of numbers) {
    const data = poisonOf(number);
    for (;;) {
      const { outcome } = await producer.send({ data, partitionKey: `poison-${number}` });
      if (outcome === 'sent') break;
    }
    await pause();
  }
  await producer.close();
};
