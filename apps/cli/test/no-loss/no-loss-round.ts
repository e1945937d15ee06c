import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { kinesisClient } from '@sluice/kinesis-producer';
import { createStream, startKinesis } from '@sluice/local-event-sources/kinesis';
import { openOrCreateLake } from '../../src/lake/open-lake.ts';
import { chanceOf } from '../crash-rounds/chance.ts';
import { produceThroughCrashes, sendPoison } from './crashing-producer.ts';
import { startFaultyConsumer } from './faulty-consumer.ts';
import { type FaultCounts, startFaultyKinesis } from './faulty-kinesis.ts';
import { orderLine } from './numbered-records.ts';
import { reshard } from './reshard.ts';
import { shuffledArrivals } from './shuffled-arrivals.ts';
import { readStream } from './stream-contents.ts';
import { type Verdict, verdictOf } from './verdict.ts';

export interface Round extends Verdict {
  readonly seed: number;
  readonly orders: number;
  readonly poison: number;
  readonly kills: number;
  readonly runs: number;
  readonly faults: FaultCounts;
  readonly seconds: number;
}

const STREAM = 'numbered';
const credentials = { accessKeyId: 'any', secretAccessKey: 'any' };

/** Takes numbered records from the producer script to the lake, through every fault at once, and counts them. */
export const noLossRound = async (seed: number, orders: number, folder: string): Promise<Round> => {
  const startedAt = Date.now();
  const lake = await openOrCreateLake(join(folder, 'lake'));
  const poison = Math.max(16, Math.floor(orders / 500));
  const file = join(folder, 'numbered.jsonl');
  await writeOrders(file, seed, orders, new Date(startedAt).toISOString().slice(0, 19).replace('T', ' '));

  const kinesis = await startKinesis();
  const faulty = await startFaultyKinesis(kinesis.endpoint, seed);
  const { faults } = faulty;
  const done = (name: string): void => void faults.set(name, (faults.get(name) ?? 0) + 1);
  const clientOf = (endpoint: string) => kinesisClient({ endpoint, region: 'us-east-1', credentials });
  const [calm, shaky] = [clientOf(kinesis.endpoint), clientOf(faulty.endpoint)];
  try {
    // A shard takes 1,000 records a second, and the producer keeps to it once it was throttled.
    const shards = 1 + Math.floor(chanceOf(seed, 'shards') * 4) + Math.floor(orders / 50_000);
    await createStream(calm, STREAM, shards);
    const consumer = await startFaultyConsumer({
      seed,
      orders,
      client: shaky,
      streamName: STREAM,
      store: lake.store,
      faults,
    });
    const arrivals = shuffledArrivals(lake, seed, faults);

    const lifeMs = Math.min(6_000, orders / 40);
    let producing = true;
    const pause = () => sleep(lifeMs * 0.02);
    const poisons = Array.from({ length: poison }, (_, at) => orders + 1 + at);
    const sent = Promise.all([
      produceThroughCrashes({ seed, file, folder, stream: STREAM, endpoint: faulty.endpoint, lifeMs }),
      sendPoison(shaky, STREAM, poisons, pause),
    ]).finally(() => {
      producing = false;
    });
    const disturbed = (async () => {
      for (let nth = 0; producing; nth += 1) {
        await sleep(lifeMs * (0.3 + chanceOf(seed, 'pause', nth)));
        if (!producing) return;
        if (chanceOf(seed, 'disturb', nth) < 0.5) done(`shards ${await reshard(calm, STREAM, seed, nth)}`);
        else await consumer.crash();
      }
    })();
    const [{ kills }] = await sent;
    await disturbed;
    await consumer.caughtUp();
    await consumer.finish();
    const { runs, problems } = await arrivals.finish();

    const contents = await readStream(calm, STREAM);
    const verdict = await verdictOf(lake, join(folder, 'scratch'), contents, {
      seed,
      orders,
      last: orders + poison,
    });
    const seconds = (Date.now() - startedAt) / 1000;
    const wrong = [...problems, ...verdict.wrong];
    return { ...verdict, wrong, seed, orders, poison, kills, runs, faults, seconds };
  } finally {
    for (const client of [calm, shaky]) client.destroy();
    await faulty.close();
    await kinesis.close();
  }
};

const writeOrders = async (path: string, seed: number, orders: number, at: string): Promise<void> => {
  const file = await open(path, 'w');
  try {
    for (let from = 1; from <= orders; from += 1_000) {
      const numbers = Array.from({ length: Math.min(1_000, orders - from + 1) }, (_, nth) => from + nth);
      await file.write(numbers.map((number) => `${orderLine(seed, number, at)}\n`).join(''));
    }
  } finally {
    await file.close();
  }
};
