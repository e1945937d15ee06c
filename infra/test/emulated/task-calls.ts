import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import { PublishCommand, type PublishCommandInput, type SNSClient } from '@aws-sdk/client-sns';
import { type Json, TaskError, type TaskHandlers } from '@sluice/local-stepfunctions';
import { z } from 'zod';

const invocation = z.object({ FunctionName: z.string(), Payload: z.json() });
const notification: z.ZodType<PublishCommandInput> = z.object({
  TopicArn: z.string(),
  Subject: z.string(),
  Message: z.string(),
  MessageAttributes: z.record(z.string(), z.object({ DataType: z.string(), StringValue: z.string() })),
});
const thrown = z.object({ errorType: z.string() });

/** What Step Functions' integrations do, with clients that are given: a function is invoked, a message published. */
export const taskCalls = (lambda: LambdaClient, sns: SNSClient): TaskHandlers => ({
  // https://docs.aws.amazon.com/step-functions/latest/dg/connect-lambda.html
  'lambda:invoke': async (input, { signal }) => {
    const { FunctionName, Payload } = invocation.parse(input);
    const command = new InvokeCommand({ FunctionName, Payload: JSON.stringify(Payload) });
    const answer = await named('Lambda', lambda.send(command, { abortSignal: signal }));
    const text = answer.Payload?.transformToString() ?? 'null';
    const body: Json = JSON.parse(text);
    // The error has the name that the function's runtime gave it, and all that the runtime said as its cause.
    if (answer.FunctionError !== undefined) throw new TaskError(thrown.parse(body).errorType, text);
    return { StatusCode: answer.StatusCode, Payload: body };
  },
  // https://docs.aws.amazon.com/step-functions/latest/dg/connect-sns.html
  'sns:publish': async (input, { signal }) => {
    const command = new PublishCommand(notification.parse(input));
    const { MessageId } = await named('SNS', sns.send(command, { abortSignal: signal }));
    return { MessageId };
  },
});

/** An exception of a service fails the state as `Lambda.ThrottlingException`. */
const named = async <T>(service: string, call: Promise<T>): Promise<T> => {
  try {
    return await call;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new TaskError(`${service}.${error.name}`, error.message);
  }
};
