import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { MiniStack } from '@sluice/aws-emulator';
import { machineTools } from '@sluice/scripts/machine-tools';
import type { Manifest } from '@sluice/step-contracts';
import type { Environment } from '../../src/environments/environment.ts';
import { sparkCode } from '../../src/spark-program.ts';
import { AppliedLake, type EndedRun } from './applied-lake.ts';
import { comparableManifest, type EmbeddedRun, rowsOf, runEmbedded } from './embedded-lake.ts';
import { setVariables } from './function-variables.ts';
import { ordersLines } from './orders-files.ts';
import { sparkCalls } from './spark-calls.ts';
import { statesOnEmulator } from './states-on-emulator.ts';

interface Applied {
  readonly miniStack: () => MiniStack;
  /** As the emulator's own Step Functions shows it. */
  readonly lake: () => AppliedLake;
  readonly environment: Environment;
  /** For what is compared. */
  readonly folder: () => string;
}

const java = machineTools.find(({ name }) => name === 'java');
/** Whether Spark can run here. Without it what runs Spark goes untested, and in CI fails. */
export const hasJava = java?.find() !== null;
if (!hasJava && process.env.CI === 'true') throw new Error(java?.missing);
if (!hasJava) process.stderr.write(`SKIPPED: Spark on an emulated AWS. ${java?.missing}\n`);

// The first run of a machine fetches Spark.
const sparkMs = 600_000;

/** JSON lines, which csv-map does not take: larger than emulatedDev lets a Lambda have. */
const large = { key: 'incoming/orders/large orders.jsonl', ...ordersLines('large', 2500) };

/**
 * Tests of the way by Spark as it is deployed: an object is put, the deployed functions do their work, in their roles, and the
 * deployed definition is run by our own interpreter, in its role, since the emulator cannot wait for a job. The job is the
 * program itself, in the deployed job's role.
 */
export const testSpark = ({ miniStack, lake, environment, folder }: Applied): void => {
  const { region, transform } = environment;
  // As it is synthesized in a moment.
  const code = sparkCode();
  const undo: (() => unknown)[] = [];
  let calls: ReturnType<typeof sparkCalls>;
  let run: EndedRun;
  let manifest: Manifest;
  let embedded: EmbeddedRun;

  beforeAll(async () => {
    calls = sparkCalls(miniStack(), region, folder());
    undo.push(calls.close);
    const states = await statesOnEmulator(miniStack(), region, lake().machineArnOf('etl'), calls.handlers);
    undo.push(states.stop);
    const seen = new AppliedLake(miniStack(), environment, states.endpoint);
    undo.push(() => seen.close());
    const startPipeline = lake().functionOf('start-pipeline');
    const variables = { AWS_ENDPOINT_URL_SFN: states.endpoint };
    undo.push(await setVariables(miniStack(), region, startPipeline, variables));
    await lake().put(large.key, large.text);
    const [ended] = await seen.untilAtRest(1, sparkMs);
    if (!ended) throw new Error('No run has ended.');
    run = ended;
    manifest = await lake().manifestOf(run.input);
    embedded = await runEmbedded(join(folder(), run.input.runId), large.text, run.input.asOf, 'jsonl');
  }, sparkMs);
  afterAll(async () => {
    for (const step of undo.reverse()) await step();
  });

  test('goes to Spark by its size, and is scored and published by what Spark has staged', () => {
    expect(large.text.length).toBeGreaterThan(transform.lambdaMaxBytes);
    expect(run.status).toBe('SUCCEEDED');
    const states = run.history.flatMap(
      ({ stateEnteredEventDetails }) => stateEnteredEventDetails?.name ?? [],
    );
    expect(states).toEqual([
      'ValidateInput',
      'CheckValidation',
      'NeedsDiscovery',
      'ChooseEngine',
      'RunETLJob',
      'ScoreStagedRows',
      'CheckDataQuality',
      'UpdateDataCatalog',
      'NotifySuccess',
      'Succeeded',
    ]);
  });

  test('is in the lake as DuckDB would have it: the same rows, reasons, score and counts', async () => {
    expect(manifest).toMatchObject({ status: 'published', engine: 'spark' });
    expect(comparableManifest(manifest)).toEqual(comparableManifest(embedded.manifest));
    if (manifest.status !== 'published') return;
    const { accepted, duplicates, quarantined } = manifest.counts;
    expect({ accepted, duplicates, quarantined }).toEqual({
      accepted: large.fates.accepted,
      duplicates: large.fates.duplicates,
      quarantined: large.fates.quarantined,
    });

    const own = join(folder(), run.input.runId);
    const keys = manifest.files.map(({ key }) => key);
    await lake().download(keys, own);
    expect(await rowsOf(keys.map((key) => join(own, key)))).toEqual(await rowsOf(embedded.published));
    expect(await lake().curatedText(String(manifest.quarantine?.key))).toBe(embedded.quarantine);
  });

  test('leaves nothing in staging', async () => {
    expect(await lake().curatedKeys(`staging/${run.input.runId}/`)).toEqual([]);
  });

  test('was transformed by the program that was deployed, which lies where the job is told', () => {
    const { id, files } = code;
    const folderOfCode = `s3://${environment.namePrefix}-scripts-000000000000/transform-spark/${id}`;
    const wanted = ['job.py', 'transform_spark.zip', 'plans/orders.json'].map((path) => ({
      uri: `${folderOfCode}/${path}`,
      digest: digestOf(files.find((file) => file.path === path)?.content ?? new Uint8Array()),
    }));
    expect(calls.found().map(({ uri, bytes }) => ({ uri, digest: digestOf(bytes) }))).toEqual(wanted);
  });
};

const digestOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** A `describe` of what needs Spark. */
export const describeWithSpark = (name: string, tests: () => void): void =>
  (hasJava ? describe : describe.skip)(name, tests);
