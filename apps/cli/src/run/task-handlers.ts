import { TaskError, type TaskHandlers } from '@sluice/local-stepfunctions';
import { z } from 'zod';
import type { RunSpark } from './spark-step.ts';
import type { Steps } from './steps.ts';

export interface Services {
  readonly steps: Steps;
  /** Receives the subject and the lines of a notification. */
  readonly notify: (subject: string, message: string) => void;
  /** Does the crawler's work, and is done when it returns. */
  readonly crawl: () => Promise<void>;
  readonly runSpark: RunSpark;
}

const invocation = z.object({ FunctionName: z.string(), Payload: z.unknown() });
const notification = z.object({ Subject: z.string(), Message: z.string() });
const crawler = z.object({ Name: z.string() });

const stepNames = {
  'validate-object': 'validateObject',
  'score-quality': 'scoreQuality',
  'transform-object': 'transformObject',
  'process-rows': 'processRows',
  'record-failed-rows': 'recordFailedRows',
  'collect-map-run': 'collectMapRun',
  'publish-run': 'publishRun',
} as const satisfies Record<string, keyof Steps>;
type FunctionName = keyof typeof stepNames;

const isFunctionName = (name: string): name is FunctionName => Object.hasOwn(stepNames, name);

/** What stands in functions' ARNs for the account and the region that one machine does not have. */
const FUNCTION_ARN = 'arn:aws:lambda:local:000000000000:function:';
export const functionArn = (name: FunctionName): string => `${FUNCTION_ARN}${name}`;

/** The local counterparts of the AWS services that the state machine calls, by their ASL resource. */
export const taskHandlers = ({ steps, notify, crawl, runSpark }: Services): TaskHandlers => ({
  'lambda:invoke': async (input) => {
    const { FunctionName, Payload } = invocation.parse(input);
    const name = FunctionName.slice(FUNCTION_ARN.length);
    if (!isFunctionName(name)) throw new TaskError('Lambda.ResourceNotFoundException', FunctionName);
    return { StatusCode: 200, Payload: await steps[stepNames[name]](Payload) };
  },
  'sns:publish': async (input) => {
    const { Subject, Message } = notification.parse(input);
    notify(Subject, Message);
    return { MessageId: '00000000-0000-0000-0000-000000000000' };
  },
  'aws-sdk:glue:startCrawler': async () => {
    await crawl();
    return {};
  },
  'aws-sdk:glue:getCrawler': async (input) => {
    const { Name } = crawler.parse(input);
    return { Crawler: { Name, State: 'READY', LastCrawl: { Status: 'SUCCEEDED' } } };
  },
  'glue:startJobRun.sync': async (input, { signal }) => {
    await runSpark(input, signal);
    return { JobRunState: 'SUCCEEDED' };
  },
});
