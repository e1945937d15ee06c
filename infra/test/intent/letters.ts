import { referencesIn, resources, statementsOf } from '../../src/stack-json.ts';
import { everyQueue, isForDeadLetters, isForPeople } from './queues.ts';
import { about, bodyOf, type Rule, ref, refersTo, rewriteStatement, withoutStatement } from './rule.ts';

const letters = 'aws_sqs_queue.failed_batches_queue';
const lettersPolicy = 'aws_sqs_queue_policy.failed_batches_policy';

export const letterRules: readonly Rule[] = [
  {
    intent: 'what waits for a person waits as long as SQS lets it',
    violations: everyQueue((queue, stack) =>
      isForPeople(stack, queue) && queue.body.message_retention_seconds !== 14 * 24 * 3600
        ? 'forgets before anybody has looked'
        : null,
    ),
    broken: [
      {
        how: 'it is left to the default of four days',
        change: (stack) => {
          delete bodyOf(stack, letters).message_retention_seconds;
        },
        says: [`${letters} forgets before anybody has looked`],
      },
    ],
  },
  {
    intent:
      'what waits for a person is from the one role that may say it, or from the queue that it was too much for',
    violations: everyQueue((queue, stack) => {
      if (!isForPeople(stack, queue) || isForDeadLetters(stack, queue)) return null;
      const [policy] = about(stack, 'aws_sqs_queue_policy', 'queue_url', queue);
      const [roleArn, ...others] = statementsOf(policy?.body.policy)
        .filter(
          ({ Effect, Principal, Action }) =>
            Effect === 'Deny' && Principal === '*' && Action.join() === 'sqs:SendMessage',
        )
        .flatMap(({ Condition }) => Condition?.ArnNotEquals?.['aws:PrincipalArn'] ?? []);
      if (roleArn === undefined || others.length > 0) return 'takes what anybody says';
      const [role] = referencesIn(roleArn);
      const senders = resources(stack, 'aws_iam_role_policy').filter(({ body }) =>
        statementsOf(body.policy).some(
          ({ Action, Resource: on }) =>
            Action.includes('sqs:SendMessage') && on.some((arn) => refersTo(arn, queue)),
        ),
      );
      return senders.length === 1 && senders.every(({ body }) => referencesIn(body.role)[0] === role)
        ? null
        : 'is not written to by the role that it takes letters from, and by it alone';
    }),
    broken: [
      {
        how: 'anybody may send',
        change: (stack) => withoutStatement(stack, lettersPolicy, 'policy', 'RefuseOtherSenders'),
        says: [`${letters} takes what anybody says`],
      },
      {
        how: 'it takes letters of a role that writes none',
        change: (stack) =>
          rewriteStatement(stack, lettersPolicy, 'policy', 'RefuseOtherSenders', (statement) => {
            statement.Condition = {
              ArnNotEquals: {
                'aws:PrincipalArn': ref('aws_iam_role.functions_process_rows_process_rows_role', 'arn'),
              },
            };
          }),
        says: [`${letters} is not written to by the role that it takes letters from, and by it alone`],
      },
    ],
  },
];
