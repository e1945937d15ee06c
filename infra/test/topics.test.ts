import { describe, expect, test } from '@jest/globals';
import { dev } from '../src/environments/dev.ts';
import type { Environment } from '../src/environments/environment.ts';
import { prod } from '../src/environments/prod.ts';
import { at, type Resource, resources, stackOf, statementsOf } from './synthesized.ts';

const mailing: Environment = {
  ...dev,
  alarms: { ...dev.alarms, emails: ['a.b@example.org', 'c@example.org'] },
};

const topicNamed = (environment: Environment, name: string): Resource => {
  const found = resources(stackOf(environment), 'aws_sns_topic').find(
    ({ body }) => body.name === `${environment.namePrefix}-${name}`,
  );
  if (!found) throw new Error(`no topic ${name}`);
  return found;
};
const statementsOfTopic = (environment: Environment, name: string) => {
  const { address } = topicNamed(environment, name);
  const policy = resources(stackOf(environment), 'aws_sns_topic_policy').find(
    ({ body }) => body.arn === `\${${address}.arn}`,
  );
  return statementsOf(policy?.body.policy);
};
const servicesOf = (environment: Environment, name: string): string[] =>
  statementsOfTopic(environment, name)
    .filter(({ Effect }) => Effect === 'Allow')
    .flatMap(({ Principal }) =>
      Principal === undefined || Principal === '*' ? ['*'] : (Principal.Service ?? ['?']),
    );
const mailsOf = (environment: Environment, name: string): Resource['body'][] =>
  resources(stackOf(environment), 'aws_sns_topic_subscription')
    .map(({ body }) => body)
    .filter((body) => body.topic_arn === `\${${topicNamed(environment, name).address}.arn}`);

describe.each(['runs', 'alarms'])('the topic for %s', (name) => {
  test('is encrypted with the key of operations', () => {
    expect(topicNamed(dev, name).body.kms_master_key_id).toBe(`\${aws_kms_key.keys_operations_key.arn}`);
  });

  test('refuses plain HTTP', () => {
    const refusal = statementsOfTopic(dev, name).find(({ Effect }) => Effect === 'Deny');
    expect(refusal).toMatchObject({
      Principal: '*',
      Action: ['sns:Publish'],
      Condition: { Bool: { 'aws:SecureTransport': ['false'] } },
    });
  });

  test('lets nobody publish but a service', () => {
    expect(servicesOf(dev, name)).not.toContain('*');
    expect(servicesOf(dev, name)).not.toContain('?');
  });

  test('mails nobody where the environment names nobody', () => {
    expect(mailsOf(dev, name)).toEqual([]);
  });
});

test('alarms come from this account only', () => {
  const [statement] = statementsOfTopic(dev, 'alarms').filter(({ Effect }) => Effect === 'Allow');
  expect(statement?.Principal).toEqual({ Service: ['cloudwatch.amazonaws.com'] });
  expect(statement?.Condition).toEqual({
    StringEquals: { 'aws:SourceAccount': [`\${data.aws_caller_identity.caller.account_id}`] },
  });
});

test('the budget may alarm only where there is one', () => {
  expect(servicesOf(prod, 'alarms')).toContain('budgets.amazonaws.com');
  expect(servicesOf(dev, 'alarms')).not.toContain('budgets.amazonaws.com');
});

describe('what is mailed', () => {
  test('is every alarm, to every address', () => {
    const mails = mailsOf(mailing, 'alarms');
    expect(mails.map(({ endpoint }) => endpoint)).toEqual(mailing.alarms.emails);
    expect(mails.map((mail) => at(mail, 'filter_policy'))).toEqual([undefined, undefined]);
  });

  test('is of runs only what was refused: failed ones raise an alarm, published ones are no news', () => {
    const filters = mailsOf(mailing, 'runs').map(({ filter_policy: filter }) => JSON.parse(String(filter)));
    expect(filters).toEqual([{ outcome: ['rejected'] }, { outcome: ['rejected'] }]);
  });
});

describe('every service that publishes', () => {
  const key = resources(stackOf(prod), 'aws_kms_key').find(({ name }) => name === 'keys_operations_key');
  const encrypts = statementsOf(key?.body.policy);

  test.each(['runs', 'alarms'])('to %s may encrypt', (name) => {
    const services = encrypts
      .filter(({ Action }) => Action.includes('kms:GenerateDataKey*'))
      .flatMap(({ Principal }) =>
        Principal === undefined || Principal === '*' ? [] : (Principal.Service ?? []),
      );
    expect(services).toEqual(expect.arrayContaining(servicesOf(prod, name)));
  });

  test('is not asked for its account where it is EventBridge, which never says', () => {
    const statement = encrypts.find(
      ({ Principal }) => Principal !== '*' && Principal?.Service?.includes('events.amazonaws.com'),
    );
    expect(Object.values(statement?.Condition ?? {}).flatMap(Object.keys)).toEqual([
      'kms:EncryptionContext:aws:sns:topicArn',
    ]);
  });
});
