import { blocks, resources } from '../../src/stack-json.ts';
import { bodyOf, type Rule, refersTo } from './rule.ts';

const arrivals = 'aws_sqs_queue.intake_queue';

/** What has to hold between a queue and the function that takes its messages. */
export const consumerRules: readonly Rule[] = [
  {
    // https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
    intent: 'a message stays hidden for six times as long as its function may take, and the wait for a batch',
    violations: (stack) =>
      resources(stack, 'aws_lambda_event_source_mapping').flatMap(({ body }) => {
        const queue = resources(stack, 'aws_sqs_queue').find((each) => refersTo(body.event_source_arn, each));
        const consumer = resources(stack, 'aws_lambda_function').find((each) =>
          refersTo(body.function_name, each),
        );
        if (!queue || !consumer) return [];
        const needed =
          6 * Number(consumer.body.timeout) + Number(body.maximum_batching_window_in_seconds ?? 0);
        const hidden = Number(queue.body.visibility_timeout_seconds ?? 30);
        return hidden >= needed
          ? []
          : [`${queue.address} hides a message for ${hidden} seconds, and ${needed} are needed`];
      }),
    broken: [
      {
        how: 'it is shorter',
        change: (stack) => {
          bodyOf(stack, arrivals).visibility_timeout_seconds = 179;
        },
        says: [`${arrivals} hides a message for 179 seconds, and 180 are needed`],
      },
      {
        how: 'the function may take longer',
        change: (stack) => {
          bodyOf(stack, 'aws_lambda_function.intake_start_pipeline_function').timeout = 60;
        },
        says: [`${arrivals} hides a message for 180 seconds, and 360 are needed`],
      },
    ],
  },
  {
    intent: 'a message that fails comes again alone, not with its batch',
    violations: (stack) =>
      resources(stack, 'aws_lambda_event_source_mapping')
        .filter(({ body }) => !blocks(body.function_response_types).includes('ReportBatchItemFailures'))
        .map(({ address }) => `${address} repeats whole batches`),
    broken: [
      {
        how: 'the whole batch fails',
        change: (stack) => {
          delete bodyOf(stack, 'aws_lambda_event_source_mapping.intake_arrivals').function_response_types;
        },
        says: ['aws_lambda_event_source_mapping.intake_arrivals repeats whole batches'],
      },
    ],
  },
];
