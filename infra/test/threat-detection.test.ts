import { expect, test } from '@jest/globals';
import { dev } from '../src/environments/dev.ts';
import { everythingOn } from './everything-on.ts';
import { type Resource, resources, stackOf, statementsOf } from './synthesized.ts';

const stack = stackOf(everythingOn);
const only = (type: string, isIt: (found: Resource) => boolean = () => true): Resource => {
  const [found, ...others] = resources(stack, type).filter(isIt);
  if (!found || others.length > 0) throw new Error(`the stack has not one such ${type}`);
  return found;
};
const findings = only('aws_cloudwatch_event_rule', ({ body }) =>
  String(body.event_pattern).includes('aws.guardduty'),
);
const target = only(
  'aws_cloudwatch_event_target',
  ({ body }) => body.rule === `\${${findings.address}.name}`,
).body;
const alarms = only('aws_sns_topic', ({ body }) => body.name === 'sluice-prod-alarms');

test('GuardDuty looks, in S3 too', () => {
  const detector = only('aws_guardduty_detector');
  expect(detector.body.enable).toBe(true);
  expect(only('aws_guardduty_detector_feature').body).toMatchObject({
    detector_id: `\${${detector.address}.id}`,
    name: 'S3_DATA_EVENTS',
    status: 'ENABLED',
  });
});

test('findings from medium severity up go on, of every kind', () => {
  expect(JSON.parse(String(findings.body.event_pattern))).toEqual({
    source: ['aws.guardduty'],
    'detail-type': ['GuardDuty Finding'],
    detail: { severity: [{ numeric: ['>=', 4] }] },
  });
});

test('they reach the topic of alarms, which takes them from EventBridge', () => {
  expect(target.arn).toBe(`\${${alarms.address}.arn}`);
  const policy = only('aws_sns_topic_policy', ({ body }) => body.arn === target.arn);
  const publishers = statementsOf(policy.body.policy)
    .filter(({ Effect, Action }) => Effect === 'Allow' && Action.includes('sns:Publish'))
    .flatMap(({ Principal }) => (typeof Principal === 'object' ? (Principal.Service ?? []) : []));
  expect(publishers).toContain('events.amazonaws.com');
});

test('the message is lines of text, in which every value is one that was taken from the finding', () => {
  const [transformer] = [target.input_transformer].flat();
  const { input_template: template, input_paths: paths } = Object(transformer);
  const lines = String(template)
    .split('\n')
    .map((line): unknown => JSON.parse(line));
  expect(lines).toEqual([
    'GuardDuty in prod, severity <severity>: <title>',
    'Type: <type>',
    expect.stringMatching(/^Finding: https:\/\/eu-central-1\.console\.aws\.amazon\.com\/.*<finding>$/),
  ]);
  const used = [...String(template).matchAll(/<(\w+)>/g)].map(([, name]) => name);
  expect(used.sort()).toEqual(Object.keys(paths).sort());
});

test('dev is without, and no rule looks for findings', () => {
  const types = resources(stackOf(dev)).map(({ type }) => type);
  expect(types.filter((type) => type.startsWith('aws_guardduty'))).toEqual([]);
  const patterns = resources(stackOf(dev), 'aws_cloudwatch_event_rule').map(({ body }) =>
    String(body.event_pattern),
  );
  expect(patterns.filter((pattern) => pattern.includes('guardduty'))).toEqual([]);
});
