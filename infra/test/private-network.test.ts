import { describe, expect, test } from '@jest/globals';
import { dev } from '../src/environments/dev.ts';
import { subnetOf } from '../src/environments/subnets.ts';
import { everythingOn } from './everything-on.ts';
import { at, type Resource, resources, stackOf, statementsOf } from './synthesized.ts';

const stack = stackOf(everythingOn);
const all = (type: string): Resource[] => resources(stack, type);
const idOf = ({ address }: Resource): string => `\${${address}.id}`;
const only = (type: string): Resource => {
  const [found, ...others] = all(type);
  if (!found || others.length > 0) throw new Error(`the stack has not one ${type}`);
  return found;
};
const group = (name: string): Resource => {
  const found = all('aws_security_group').find(({ body }) => body.name === `sluice-prod-${name}`);
  if (!found) throw new Error(`no security group ${name}`);
  return found;
};
const account = `\${data.aws_caller_identity.caller.account_id}`;
const ours = (service: string): string =>
  `arn:\${data.aws_partition.partition.partition}:${service}:eu-central-1:${account}:`;
const operationsKey = `\${aws_kms_key.keys_operations_key.arn}`;
const endpoints = all('aws_vpc_endpoint').map(({ body }) => ({
  service: String(body.service_name).replace('com.amazonaws.eu-central-1.', ''),
  body,
  statements: statementsOf(body.policy),
}));
const interfaces = endpoints.filter(({ body }) => body.vpc_endpoint_type === 'Interface');

describe('subnets', () => {
  const rangeOf = (cidr: string): readonly [first: number, last: number] => {
    const [address = '', length] = cidr.split('/');
    const first = new DataView(Uint8Array.from(address.split('.').map(Number)).buffer).getUint32(0);
    return [first, first + 2 ** (32 - Number(length)) - 1];
  };

  test.each([
    ['10.0.0.0/16', 2],
    ['10.20.0.0/20', 3],
    ['192.168.255.0/24', 4],
    ['192.168.1.64/26', 3],
    ['10.0.0.0/25', 5],
    ['255.255.255.0/24', 6],
  ])('of %s are %i that lie in it and apart from each other', (cidr, count) => {
    const [first, last] = rangeOf(cidr);
    const ranges = Array.from({ length: count }, (_, index) => rangeOf(subnetOf(cidr, count, index)));
    expect(Math.min(...ranges.map(([start]) => start))).toBe(first);
    expect(Math.max(...ranges.map(([, end]) => end))).toBeLessThanOrEqual(last);
    for (const [index, [start]] of ranges.entries()) {
      for (const [, end] of ranges.slice(0, index)) expect(start).toBeGreaterThan(end);
    }
  });

  test('are as large as their number allows', () => {
    expect([0, 1].map((index) => subnetOf('10.0.0.0/16', 2, index))).toEqual([
      '10.0.0.0/17',
      '10.0.128.0/17',
    ]);
    expect(subnetOf('10.0.0.0/16', 3, 2)).toBe('10.0.128.0/18');
  });

  test('lie one in each zone of the environment, in its region', () => {
    expect(all('aws_subnet').map(({ body }) => body.availability_zone)).toEqual([
      'eu-central-1a',
      'eu-central-1b',
      'eu-central-1c',
    ]);
  });
});

describe('the internet', () => {
  test.each([
    'aws_internet_gateway',
    'aws_egress_only_internet_gateway',
    'aws_nat_gateway',
    'aws_eip',
    'aws_route',
    'aws_vpc_peering_connection',
    'aws_ec2_transit_gateway_vpc_attachment',
  ])('is not reached through a resource of the type %s', (type) => {
    expect(all(type)).toEqual([]);
  });

  test('is not reached through the routes of any subnet', () => {
    expect(only('aws_route_table').body.route).toBeUndefined();
    expect(all('aws_route_table_association').map(({ body }) => body.subnet_id)).toEqual(
      all('aws_subnet').map(idOf),
    );
  });

  test('does not reach in: no subnet gives out public addresses', () => {
    expect(all('aws_subnet').map(({ body }) => body.map_public_ip_on_launch)).toEqual([false, false, false]);
  });
});

describe('security groups', () => {
  const rules = [
    ...all('aws_vpc_security_group_egress_rule'),
    ...all('aws_vpc_security_group_ingress_rule'),
  ].map(({ body }) => body);

  test('let functions call endpoints and gateways, endpoints answer functions, and nothing else', () => {
    const [functions, answering] = [idOf(group('functions')), idOf(group('endpoints'))];
    const gateways = all('aws_vpc_endpoint').filter(({ body }) => body.vpc_endpoint_type === 'Gateway');
    const to = all('aws_vpc_security_group_egress_rule').map(({ body }) => [
      body.security_group_id,
      body.referenced_security_group_id ?? body.prefix_list_id,
    ]);
    expect(new Set(to)).toEqual(
      new Set([
        [functions, answering],
        ...gateways.map(({ address }) => [functions, `\${${address}.prefix_list_id}`]),
      ]),
    );
    const from = all('aws_vpc_security_group_ingress_rule').map(({ body }) => [
      body.security_group_id,
      body.referenced_security_group_id,
    ]);
    expect(from).toEqual([[answering, functions]]);
  });

  test('let HTTPS through only, and name no addresses', () => {
    expect(rules).not.toEqual([]);
    for (const rule of rules) {
      expect(rule).toMatchObject({ ip_protocol: 'tcp', from_port: 443, to_port: 443 });
      expect(Object.keys(rule).filter((key) => key.startsWith('cidr'))).toEqual([]);
    }
  });

  test('have no rules beside them', () => {
    for (const { body } of [...all('aws_security_group'), only('aws_default_security_group')]) {
      expect([body.ingress, body.egress]).toEqual([undefined, undefined]);
    }
    expect(all('aws_security_group_rule')).toEqual([]);
  });

  test('include the one for whatever names none, emptied', () => {
    expect(only('aws_default_security_group').body.vpc_id).toBe(idOf(only('aws_vpc')));
  });
});

describe('endpoints', () => {
  test('of AWS services are found by the names that the SDK calls, in every zone', () => {
    expect(only('aws_vpc').body).toMatchObject({ enable_dns_support: true, enable_dns_hostnames: true });
    expect(interfaces.map(({ service }) => service)).toEqual([
      'glue',
      'kinesis-streams',
      'sqs',
      'states',
      'xray',
    ]);
    for (const { body } of interfaces) {
      expect(body).toMatchObject({
        private_dns_enabled: true,
        subnet_ids: all('aws_subnet').map(idOf),
        security_group_ids: [idOf(group('endpoints'))],
      });
    }
  });

  test.each(['s3', 'dynamodb'])('of %s is a gateway on the way out of every subnet', (name) => {
    const gateway = endpoints.find(({ service }) => service === name);
    expect(gateway?.body).toMatchObject({
      vpc_endpoint_type: 'Gateway',
      route_table_ids: [idOf(only('aws_route_table'))],
    });
  });

  test.each(endpoints)('of $service lets nobody through but this account', ({ statements }) => {
    expect(statements).not.toEqual([]);
    for (const statement of statements) {
      expect(statement.Condition).toEqual({
        StringEquals: { 'aws:PrincipalAccount': [account] },
      });
    }
  });

  test.each(endpoints)('of $service lets single actions through', ({ service, statements }) => {
    for (const action of statements.flatMap(({ Action }) => Action)) {
      expect(action).toMatch(new RegExp(`^${service.replace('-streams', '')}:[A-Za-z]+$`));
    }
  });

  test('of S3 leads to the zones that runs use, and to no bucket of anybody else', () => {
    const buckets = ['raw', 'curated'].map((zone) => `\${aws_s3_bucket.zones_${zone}_bucket.arn}`);
    const s3 = endpoints.find(({ service }) => service === 's3');
    expect(s3?.statements.flatMap(({ Resource }) => Resource)).toEqual(
      buckets.flatMap((arn) => [arn, `${arn}/*`]),
    );
  });

  test('lead to this account alone, where the service has resources', () => {
    const named = interfaces.filter(({ service }) => service !== 'xray');
    for (const resource of named
      .flatMap(({ statements }) => statements)
      .flatMap(({ Resource }) => Resource)) {
      expect(resource).toContain(`:eu-central-1:${account}:`);
    }
  });
});

describe('functions', () => {
  // Lambda itself writes their logs, polls their queues and streams, reports what it gave up, decrypts their variables and
  // connects them; S3 and Kinesis ask KMS.
  const ofLambda = statementsOf(
    all('aws_iam_role_policy').find(({ name }) => name.startsWith('stream_intake_ingest_stream_'))?.body
      .policy,
  )
    .filter(({ Sid = '' }) => ['ReadRecords', 'SubscribeToRecords', 'ReportLostBatches'].includes(Sid))
    .flatMap(({ Action, Resource }) =>
      Action.flatMap((action) => Resource.map((on) => `${action} on ${on}`)),
    );
  const outside = (action: string): boolean =>
    ['logs', 'kms', 'ec2'].includes(action.split(':')[0] ?? '') ||
    ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'].includes(action);
  const functions = all('aws_lambda_function');
  const rolesOf = (lambda: Resource): string[] =>
    all('aws_iam_role')
      .filter(({ address }) => lambda.body.role === `\${${address}.arn}`)
      .map(({ address }) => `\${${address}.id}`);
  const statementsFor = (lambda: Resource) =>
    all('aws_iam_role_policy')
      .filter(({ body }) => rolesOf(lambda).includes(String(body.role)))
      .flatMap(({ body }) => statementsOf(body.policy));
  const matches = (pattern: string, text: string): boolean =>
    pattern.endsWith('*') ? text.startsWith(pattern.slice(0, -1)) : pattern === text;
  /** What a reference to a resource's ARN will be, where its name is known. */
  const arnOf = (reference: string): string => {
    const found = resources(stack).find(({ address }) => reference === `\${${address}.arn}`);
    switch (found?.type) {
      case 'aws_glue_catalog_table':
        return `${ours('glue')}table/${found.body.database_name}/${found.body.name}`;
      case 'aws_sfn_state_machine':
        return `${ours('states')}stateMachine:${found.body.name}`;
      case 'aws_sqs_queue':
        return `${ours('sqs')}${found.body.name}`;
      case 'aws_kinesis_stream':
        return `${ours('kinesis')}stream/${found.body.name}`;
      case 'aws_dynamodb_table':
        return `${ours('dynamodb')}table/${found.body.name}`;
      default:
        return reference;
    }
  };

  test.each(functions)('$body.function_name runs in all private subnets', ({ body }) => {
    expect(at(body, 'vpc_config', 'subnet_ids')).toEqual(all('aws_subnet').map(idOf));
    expect(at(body, 'vpc_config', 'security_group_ids')).toEqual([idOf(group('functions'))]);
  });

  test.each(functions)('$body.function_name gets whatever it may call through an endpoint', (lambda) => {
    const calls = statementsFor(lambda)
      .filter(({ Effect }) => Effect === 'Allow')
      .flatMap(({ Action, Resource }) => Action.map((action) => ({ action, resources: Resource })))
      .filter(({ action }) => !outside(action));
    expect(calls).not.toEqual([]);
    const stuck = calls.flatMap(({ action, resources: asked }) => {
      const through = endpoints
        .flatMap(({ statements }) => statements)
        .filter(({ Action }) => Action.includes(action))
        .flatMap(({ Resource }) => Resource);
      return asked
        .filter((resource) => !ofLambda.includes(`${action} on ${resource}`))
        .filter((resource) => !through.some((pattern) => matches(pattern, arnOf(resource))))
        .map((resource) => `${action} on ${resource}`);
    });
    expect(stuck).toEqual([]);
  });

  test.each(functions)('$body.function_name cannot itself make ways into the network', (lambda) => {
    const arn = `${ours('lambda')}function:${lambda.body.function_name}`;
    const about = (effect: string) =>
      statementsFor(lambda).filter(
        ({ Effect, Action }) => Effect === effect && Action.some((action) => action.startsWith('ec2:')),
      );
    const [refused] = about('Deny');
    expect(refused?.Condition).toEqual({ ArnEquals: { 'lambda:SourceFunctionArn': [arn] } });
    expect(refused?.Resource).toEqual(['*']);
    expect(refused?.Action).toEqual(about('Allow').flatMap(({ Action }) => Action));
  });
});

describe('flow logs', () => {
  test('tell of all traffic, encrypted and for as long as the environment says', () => {
    const flow = only('aws_flow_log').body;
    const logs = all('aws_cloudwatch_log_group').find(
      ({ address }) => flow.log_destination === `\${${address}.arn}`,
    );
    expect(flow).toMatchObject({ traffic_type: 'ALL', vpc_id: idOf(only('aws_vpc')) });
    expect(logs?.body).toMatchObject({
      retention_in_days: 365,
      kms_key_id: operationsKey,
    });
  });

  test('are written by a role that can do nothing else, on behalf of this account', () => {
    const flow = only('aws_flow_log').body;
    const role = all('aws_iam_role').find(({ address }) => flow.iam_role_arn === `\${${address}.arn}`);
    const policies = all('aws_iam_role_policy').filter(({ body }) => role && body.role === idOf(role));
    const statements = policies.flatMap(({ body }) => statementsOf(body.policy));
    expect(statements.map(({ Action, Resource }) => [Action, Resource])).toEqual([
      [
        ['logs:CreateLogStream', 'logs:DescribeLogStreams', 'logs:PutLogEvents'],
        [`${flow.log_destination}:*`],
      ],
    ]);
    const [trust] = statementsOf(role?.body.assume_role_policy);
    expect(trust).toMatchObject({
      Principal: { Service: ['vpc-flow-logs.amazonaws.com'] },
      Condition: {
        StringEquals: { 'aws:SourceAccount': [account] },
      },
    });
  });
});

test('dev has no network, and its functions run in none', () => {
  const types = new Set(resources(stackOf(dev)).map(({ type }) => type));
  const ofNetworks = [...types].filter((type) =>
    /^aws_(vpc|subnet|route|security_group|default_|flow_log)/.test(type),
  );
  expect(ofNetworks).toEqual([]);
  for (const { body } of resources(stackOf(dev), 'aws_lambda_function')) {
    expect(body.vpc_config).toBeUndefined();
  }
});
