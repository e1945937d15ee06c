import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { DeletePartitionCommand, GetPartitionsCommand, GlueClient } from '@aws-sdk/client-glue';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  PutObjectCommand,
  paginateListObjectsV2,
  S3Client,
} from '@aws-sdk/client-s3';
import {
  DescribeExecutionCommand,
  type HistoryEvent,
  paginateGetExecutionHistory,
  paginateListExecutions,
  SFNClient,
} from '@aws-sdk/client-sfn';
import { ListTopicsCommand, SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import type { MiniStack } from '@sluice/aws-emulator';
import { type Manifest, manifest, type RunInput, runInput } from '@sluice/step-contracts';
import { z } from 'zod';
import type { Environment } from '../../src/environments/environment.ts';
import { until } from './until.ts';

/** An execution that has come to its end. */
export interface EndedRun {
  readonly input: RunInput;
  readonly status: 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED';
  /** What the state machine failed with. */
  readonly error: string | null;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly history: readonly HistoryEvent[];
}

/** What was in the log of a function: each line that is JSON. */
const logLine = z.record(z.string(), z.json());
type LogLine = z.output<typeof logLine>;

const message = z.object({
  Subject: z.string().optional(),
  Message: z.string(),
  MessageAttributes: z.record(z.string(), z.object({ Value: z.string() })).default({}),
});
type Message = z.output<typeof message>;

interface Listener {
  /** The messages that have come since it was asked last. */
  heard(): Promise<Message[]>;
  stop(): Promise<void>;
}

/** A lake on an emulated AWS, as somebody sees it who puts files into it and looks what becomes of them. */
export class AppliedLake {
  readonly #s3: S3Client;
  readonly #sfn: SFNClient;
  readonly #sqs: SQSClient;
  readonly #sns: SNSClient;
  readonly #glue: GlueClient;
  readonly #logs: CloudWatchLogsClient;
  readonly #prefix: string;
  readonly #account = '000000000000';
  readonly #region: string;

  /** `statesEndpoint`: of Step Functions, if it is not the emulator's own. */
  constructor(
    { endpoint, credentials }: MiniStack,
    { region, namePrefix }: Environment,
    statesEndpoint = endpoint,
  ) {
    const client = { endpoint, credentials, region };
    this.#s3 = new S3Client({ ...client, forcePathStyle: true });
    this.#sfn = new SFNClient({ ...client, endpoint: statesEndpoint });
    this.#sqs = new SQSClient(client);
    this.#sns = new SNSClient(client);
    this.#glue = new GlueClient(client);
    this.#logs = new CloudWatchLogsClient(client);
    this.#prefix = namePrefix;
    this.#region = region;
  }

  close(): void {
    for (const client of [this.#s3, this.#sfn, this.#sqs, this.#sns, this.#glue, this.#logs])
      client.destroy();
  }

  bucketOf(zone: 'raw' | 'curated'): string {
    return `${this.#prefix}-${zone}-${this.#account}`;
  }

  /** A Lambda's name. */
  functionOf(app: string): string {
    return `${this.#prefix}-${app}`;
  }

  machineArnOf(machine: string): string {
    return `arn:aws:states:${this.#region}:${this.#account}:stateMachine:${this.#prefix}-${machine}`;
  }

  /** Puts an object into the raw bucket, and does nothing else. */
  async put(key: string, body: string): Promise<void> {
    await this.#s3.send(
      new PutObjectCommand({ Bucket: this.bucketOf('raw'), Key: key, Body: Buffer.from(body) }),
    );
  }

  /** The keys of the curated bucket below a prefix. */
  curatedKeys(prefix: string): Promise<string[]> {
    return this.keysIn('curated', prefix);
  }

  async keysIn(zone: 'raw' | 'curated', prefix: string): Promise<string[]> {
    const pages = paginateListObjectsV2(
      { client: this.#s3 },
      { Bucket: this.bucketOf(zone), Prefix: prefix },
    );
    const keys: string[] = [];
    for await (const { Contents = [] } of pages) keys.push(...Contents.map(({ Key = '' }) => Key));
    return keys;
  }

  async curatedText(key: string): Promise<string> {
    return (await this.#object('curated', key)).transformToString();
  }

  async rawText(key: string): Promise<string> {
    return (await this.#object('raw', key)).transformToString();
  }

  /** Copies curated objects into a folder, under their keys. */
  async download(keys: readonly string[], folder: string): Promise<void> {
    for (const key of keys) {
      const path = join(folder, key);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, await (await this.#object('curated', key)).transformToByteArray());
    }
  }

  async #object(zone: 'raw' | 'curated', key: string) {
    const { Body } = await this.#s3.send(new GetObjectCommand({ Bucket: this.bucketOf(zone), Key: key }));
    if (!Body) throw new Error(`${key} came without a body.`);
    return Body;
  }

  async manifestOf({ runId, dataset }: RunInput): Promise<Manifest> {
    return manifest.parse(JSON.parse(await this.curatedText(`runs/${dataset}/${runId}.json`)));
  }

  /** The values of the partitions that the catalogue has of a dataset, each as `2026/11/21`. */
  async partitionsOf(dataset: string): Promise<string[]> {
    return (await this.#partitions(this.#table(dataset))).map((values) => values.join('/'));
  }

  async forgetPartitions(dataset: string): Promise<void> {
    const table = this.#table(dataset);
    for (const PartitionValues of await this.#partitions(table))
      await this.#glue.send(new DeletePartitionCommand({ ...table, PartitionValues }));
  }

  #table(dataset: string): { readonly DatabaseName: string; readonly TableName: string } {
    return { DatabaseName: this.#prefix.replaceAll('-', '_'), TableName: dataset };
  }

  async #partitions(table: {
    readonly DatabaseName: string;
    readonly TableName: string;
  }): Promise<string[][]> {
    const { Partitions = [] } = await this.#glue.send(new GetPartitionsCommand(table));
    return Partitions.map(({ Values = [] }) => Values);
  }

  async #executions(machine: string): Promise<{ arn: string; status: string }[]> {
    const stateMachineArn = this.machineArnOf(machine);
    const found: { arn: string; status: string }[] = [];
    for await (const { executions = [] } of paginateListExecutions(
      { client: this.#sfn },
      { stateMachineArn },
    )) {
      found.push(...executions.map(({ executionArn = '', status = '' }) => ({ arn: executionArn, status })));
    }
    return found;
  }

  /**
   * Waits until so many runs of a state machine have ended, none goes on, and no message is left or under way in the queue
   * of arrivals.
   */
  async untilAtRest(
    runs: number,
    withinMs: number,
    machine: 'etl' | 'csv-map-comma' = 'etl',
  ): Promise<readonly EndedRun[]> {
    let executions: { arn: string; status: string }[] = [];
    await until(`${runs} runs have ended, and the queue is empty`, withinMs, async () => {
      // In this order: what left the queue before it was looked at has its execution by now.
      const waiting = await this.messagesIn('arrivals');
      executions = await this.#executions(machine);
      const statuses = executions.map(({ status }) => status);
      const atRest = statuses.length >= runs && !statuses.includes('RUNNING') && waiting === 0;
      return { done: atRest, seen: `runs ${statuses.join(' ')}; messages ${waiting}` };
    });
    return Promise.all(executions.map(({ arn }) => this.#endedRun(arn)));
  }

  /** Waits until a function has logged an outcome. */
  async untilOutcome(app: string, outcome: string, withinMs: number): Promise<void> {
    await until(`${app} has logged ${outcome}`, withinMs, async () => {
      const outcomes = (await this.logOf(app)).map((line) => line.message);
      return { done: outcomes.includes(outcome), seen: `Logged ${outcomes.join(' ')}` };
    });
  }

  async #endedRun(executionArn: string): Promise<EndedRun> {
    const { input, status, error, startDate } = await this.#sfn.send(
      new DescribeExecutionCommand({ executionArn }),
    );
    if (!input || !startDate || !status || status === 'RUNNING' || status === 'PENDING_REDRIVE') {
      throw new Error(`${executionArn} has not ended.`);
    }
    const history: HistoryEvent[] = [];
    for await (const { events = [] } of paginateGetExecutionHistory(
      { client: this.#sfn },
      { executionArn },
    )) {
      history.push(...events);
    }
    const startedAt = startDate.getTime();
    return { input: runInput.parse(JSON.parse(input)), status, error: error ?? null, startedAt, history };
  }

  async #queueUrl(name: string): Promise<string> {
    const { QueueUrl } = await this.#sqs.send(
      new GetQueueUrlCommand({ QueueName: `${this.#prefix}-${name}` }),
    );
    return String(QueueUrl);
  }

  /** How many messages a queue holds, those that somebody is at work on included. */
  async messagesIn(name: 'arrivals' | 'arrivals-dead-letters'): Promise<number> {
    const { Attributes = {} } = await this.#sqs.send(
      new GetQueueAttributesCommand({ QueueUrl: await this.#queueUrl(name), AttributeNames: ['All'] }),
    );
    const { ApproximateNumberOfMessages: waiting, ApproximateNumberOfMessagesNotVisible: taken } = Attributes;
    return Number(waiting) + Number(taken);
  }

  /** Sends an arrival to the queue once more, as S3 now and then does. */
  async repeatArrival({ object, asOf }: RunInput): Promise<void> {
    const { key, versionId, size, etag } = object;
    const encoded = encodeURIComponent(key).replaceAll('%20', '+').replaceAll('%2F', '/');
    const record = {
      eventName: 'ObjectCreated:Put',
      eventTime: asOf,
      s3: { bucket: { name: object.bucket }, object: { key: encoded, size, eTag: etag, versionId } },
    };
    await this.#sqs.send(
      new SendMessageCommand({
        QueueUrl: await this.#queueUrl('arrivals'),
        MessageBody: JSON.stringify({ Records: [record] }),
      }),
    );
  }

  /** Takes what is in a queue, and deletes it there. */
  async #takeAll(queueUrl: string): Promise<string[]> {
    const taken: string[] = [];
    for (;;) {
      const { Messages = [] } = await this.#sqs.send(
        new ReceiveMessageCommand({ QueueUrl: queueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 0 }),
      );
      if (Messages.length === 0) return taken;
      for (const { Body = '', ReceiptHandle } of Messages) {
        taken.push(Body);
        await this.#sqs.send(new DeleteMessageCommand({ QueueUrl: queueUrl, ReceiptHandle }));
      }
    }
  }

  async takeDeadLetters(queue: 'arrivals-dead-letters' | 'failed-batches'): Promise<string[]> {
    return this.#takeAll(await this.#queueUrl(queue));
  }

  /** Subscribes a queue of its own to the topic of runs. */
  async listenToRuns(): Promise<Listener> {
    const name = 'who-listens-to-runs';
    const arn = `arn:aws:sqs:${this.#region}:${this.#account}:${name}`;
    const mayBeSent = {
      Effect: 'Allow',
      Principal: { Service: 'sns.amazonaws.com' },
      Action: 'sqs:SendMessage',
      Resource: arn,
    };
    const { QueueUrl: url = '' } = await this.#sqs.send(
      new CreateQueueCommand({
        QueueName: name,
        Attributes: { Policy: JSON.stringify({ Version: '2012-10-17', Statement: [mayBeSent] }) },
      }),
    );
    const { Topics = [] } = await this.#sns.send(new ListTopicsCommand({}));
    const topic = Topics.find(({ TopicArn }) => TopicArn?.endsWith(`:${this.#prefix}-runs`));
    await this.#sns.send(
      new SubscribeCommand({
        TopicArn: topic?.TopicArn,
        Protocol: 'sqs',
        Endpoint: arn,
      }),
    );
    return {
      heard: async () => (await this.#takeAll(url)).map((body) => message.parse(JSON.parse(body))),
      stop: async () => {
        await this.#sqs.send(new DeleteQueueCommand({ QueueUrl: url }));
      },
    };
  }

  /** The lines of a function's log. */
  async linesOf(app: string): Promise<string[]> {
    const { events = [] } = await this.#logs.send(
      new FilterLogEventsCommand({ logGroupName: `/aws/lambda/${this.functionOf(app)}`, limit: 10_000 }),
    );
    return events.flatMap(({ message: text = '' }) => text.split('\n'));
  }

  /** Those of them that are JSON: outcomes, and metrics in CloudWatch's embedded format. */
  async logOf(app: string): Promise<LogLine[]> {
    const json = (await this.linesOf(app)).filter((line) => line.startsWith('{'));
    return json.map((line) => logLine.parse(JSON.parse(line)));
  }

  /** Deletes a version of an object, and leaves no marker. */
  async deleteForGood({ bucket, key, versionId }: RunInput['object']): Promise<void> {
    await this.#s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: key, VersionId: versionId }));
  }
}
