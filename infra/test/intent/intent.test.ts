import { describe, expect, test } from '@jest/globals';
import type { Environment } from '../../src/environments/environment.ts';
import { environments } from '../../src/environments/index.ts';
import { everythingOn } from '../everything-on.ts';
import { type StackJson, stackOf, stateStackOf } from '../synthesized.ts';
import { alarmRules } from './alarms.ts';
import { apiRules } from './apis.ts';
import { archiveRules } from './archive.ts';
import { bucketRules } from './buckets.ts';
import { catalogueRules } from './catalogue.ts';
import { consumerRules } from './consumers.ts';
import { functionRules } from './functions.ts';
import { keyRules } from './keys.ts';
import { leftoverRules } from './leftovers.ts';
import { letterRules } from './letters.ts';
import { logRules } from './logs.ts';
import { nameRules } from './names.ts';
import { protectionRules } from './protection.ts';
import { queueRules } from './queues.ts';
import { resourcePolicyRules } from './resource-policies.ts';
import { roleRules } from './roles.ts';
import type { Rule } from './rule.ts';
import { streamRules } from './streams.ts';
import { tableRules } from './tables.ts';
import { topicRules } from './topics.ts';
import { wiringRules } from './wiring.ts';
import { workflowRules } from './workflow.ts';
import { workflowAlarmRules } from './workflow-alarms.ts';
import { zoneRules } from './zones.ts';

/** Of any stack. */
const generalRules: readonly Rule[] = [
  ...bucketRules,
  ...keyRules,
  ...resourcePolicyRules,
  ...protectionRules,
  ...nameRules,
];
const rules: readonly Rule[] = [
  ...generalRules,
  ...roleRules,
  ...zoneRules,
  ...leftoverRules,
  ...functionRules,
  ...workflowRules,
  ...wiringRules,
  ...queueRules,
  ...consumerRules,
  ...letterRules,
  ...streamRules,
  ...archiveRules,
  ...apiRules,
  ...tableRules,
  ...topicRules,
  ...catalogueRules,
  ...logRules,
  ...alarmRules,
  ...workflowAlarmRules,
];

interface Subject {
  readonly environment: Environment;
  readonly stack: StackJson;
}

const lakes = new Map<string, Subject>([
  ...environments.map((environment): [string, Subject] => [
    environment.name,
    { environment, stack: stackOf(environment) },
  ]),
  ['everything-on', { environment: everythingOn, stack: stackOf(everythingOn) }],
]);
// The bucket of the state is protected wherever it is.
const states = environments.map((environment): [string, Subject] => [
  `state-${environment.name}`,
  { environment: { ...environment, protected: true }, stack: stateStackOf(environment) },
]);
const subjects = [...lakes, ...states].map(([, subject]) => subject);

const unexplained = ({ violations, except = {} }: Rule, { stack, environment }: Subject): string[] =>
  violations(stack, environment).filter((line) => except[line] === undefined);

describe.each([...lakes])('in the stack %s', (_name, subject) => {
  test.each(rules.map((rule) => [rule.intent, rule] as const))('%s', (_intent, rule) => {
    expect(unexplained(rule, subject)).toEqual([]);
  });
});

describe.each(states)('in the stack %s', (_name, subject) => {
  test.each(generalRules.map((rule) => [rule.intent, rule] as const))('%s', (_intent, rule) => {
    expect(unexplained(rule, subject)).toEqual([]);
  });
});

describe.each(rules.map((rule) => [rule.intent, rule] as const))('that %s is noticed', (_intent, rule) => {
  test.each(rule.broken.map((each) => [each.how, each] as const))(
    'if %s',
    (_how, { of = 'dev', change, says }) => {
      const whole = lakes.get(of);
      if (!whole) throw new Error(`There is no stack ${of}.`);
      const subject = { ...whole, stack: structuredClone(whole.stack) };
      change(subject.stack);
      expect(unexplained(rule, subject)).toEqual(says);
    },
  );
});

describe('exceptions', () => {
  test.each(
    rules.flatMap(({ except = {}, violations }) =>
      Object.keys(except).map((line) => [line, violations] as const),
    ),
  )('%s: still needed', (line, violations) => {
    expect(subjects.some(({ stack, environment }) => violations(stack, environment).includes(line))).toBe(
      true,
    );
  });
});
