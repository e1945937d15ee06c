import type { ResourceStatement } from './policy.ts';

const DAY = 24 * 60 * 60;

/** The longest that SQS has: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html */
export const DEAD_LETTER_SECONDS = 14 * DAY;

export const refusePlainHttp = (queueArn: string): ResourceStatement => ({
  Sid: 'RefusePlainHttp',
  Effect: 'Deny',
  Principal: '*',
  Action: ['sqs:*'],
  Resource: [queueArn],
  Condition: { Bool: { 'aws:SecureTransport': 'false' } },
});
