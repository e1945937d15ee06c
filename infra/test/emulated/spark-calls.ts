import { GetJobCommand, GetJobRunCommand, GlueClient, StartJobRunCommand } from '@aws-sdk/client-glue';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import type { MiniStack } from '@sluice/aws-emulator';
import { datasets } from '@sluice/datasets';
import { s3Store } from '@sluice/lake-storage/s3';
import { TaskError, type TaskHandlers } from '@sluice/local-stepfunctions';
import { sparkEnvironment } from '@sluice/transform-spark/environment';
import { runOfJob, runSparkProgram, SparkFailed } from '@sluice/transform-spark/run-program';
import { z } from 'zod';
import { type SessionCredentials, sessionOf } from './role-session.ts';

const parameters = z.object({ JobName: z.string(), Arguments: z.record(z.string(), z.string()) });

/** `{ Bucket, Key }` of `s3://<bucket>/<key>`. */
const addressOf = (uri: string): { readonly Bucket: string; readonly Key: string } => {
  const [, Bucket = '', Key = ''] = /^s3:\/\/([^/]+)\/(.+)$/.exec(uri) ?? [];
  return { Bucket, Key };
};

/** A file that a job was deployed with. */
interface DeployedFile {
  readonly uri: string;
  readonly bytes: Uint8Array;
}

export interface SparkCalls {
  /** For the state machine, whose role this is a session of. */
  readonly handlers: (ofMachine: SessionCredentials) => TaskHandlers;
  /** What the last run of the job found where its arguments say: the script, the package, the plan of its dataset. */
  readonly found: () => readonly DeployedFile[];
  close(): void;
}

/**
 * `glue:startJobRun.sync` with a job of the emulator's: that is asked to start it in the state machine's name, which it does,
 * and to run it, which it only pretends. The program itself runs on this machine, in the name of the job's role, with what
 * the deployed job is told.
 */
export const sparkCalls = (miniStack: MiniStack, region: string, scratchDir: string): SparkCalls => {
  const { endpoint, credentials } = miniStack;
  const clients: { destroy(): void }[] = [];
  const opened = <Client extends { destroy(): void }>(client: Client): Client => {
    clients.push(client);
    return client;
  };
  let found: readonly DeployedFile[] = [];

  const run = async (input: unknown, ofMachine: SessionCredentials, signal: AbortSignal): Promise<string> => {
    const { JobName, Arguments } = parameters.parse(input);
    const asMachine = opened(new GlueClient({ endpoint, region, credentials: ofMachine }));
    const { JobRunId: RunId = '' } = await asMachine.send(new StartJobRunCommand({ JobName, Arguments }));
    await asMachine.send(new GetJobRunCommand({ JobName, RunId }));

    const glue = opened(new GlueClient({ endpoint, region, credentials }));
    const { Job } = await glue.send(new GetJobCommand({ JobName }));
    const told = { ...Job?.DefaultArguments, ...Arguments };
    const ofJob = await sessionOf(miniStack, String(Job?.Role));
    const s3 = opened(new S3Client({ endpoint, region, credentials: ofJob, forcePathStyle: true }));
    const deployed = runOfJob(input);
    const files = [
      String(Job?.Command?.ScriptLocation),
      String(told['--extra-py-files']),
      `${told['--plans']}${deployed.dataset}.json`,
    ];
    found = await Promise.all(
      files.map(async (uri) => {
        const { Body } = await s3.send(new GetObjectCommand(addressOf(uri)));
        return { uri, bytes: (await Body?.transformToByteArray()) ?? new Uint8Array() };
      }),
    );
    const dataset = datasets.get(deployed.dataset);
    if (!dataset) throw new Error(`There is no dataset ${deployed.dataset}.`);
    await runSparkProgram({
      environment: await sparkEnvironment({
        env: process.env,
        onInstall: (line) => process.stderr.write(`${line}\n`),
      }),
      objects: s3Store(s3),
      curatedBucket: String(told['--curated-bucket']),
      dataset,
      run: deployed,
      scratchDir,
      driverMemoryMb: 1024,
      cores: 2,
      signal,
    });
    return RunId;
  };

  const noCrawler = () => {
    throw new Error('The object has the columns that are declared: no crawler has to look.');
  };
  return {
    handlers: (ofMachine) => ({
      'aws-sdk:glue:startCrawler': noCrawler,
      'aws-sdk:glue:getCrawler': noCrawler,
      'glue:startJobRun.sync': async (input, { signal }) => {
        try {
          return { Id: await run(input, ofMachine, signal), JobRunState: 'SUCCEEDED' };
        } catch (cause) {
          if (cause instanceof SparkFailed) throw new TaskError('States.TaskFailed', cause.message);
          if (cause instanceof Error) throw new TaskError(`Glue.${cause.name}`, cause.message);
          throw cause;
        }
      },
    }),
    found: () => found,
    close: () => {
      for (const client of clients) client.destroy();
    },
  };
};
