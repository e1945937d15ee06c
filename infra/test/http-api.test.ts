import { describe, expect, test } from '@jest/globals';
import { dev } from '../src/environments/dev.ts';
import type { Environment } from '../src/environments/environment.ts';
import { everythingOn } from './everything-on.ts';
import { at, type Resource, resources, stackOf } from './synthesized.ts';

const all = (environment: Environment, type: string): Resource[] =>
  resources(stackOf(environment), `aws_apigatewayv2_${type}`);
const only = (environment: Environment, type: string): Resource['body'] => {
  const [found, ...others] = all(environment, type);
  if (!found || others.length > 0) throw new Error(`there is not one ${type}`);
  return found.body;
};

describe('the API', () => {
  test('answers what ingest-api answers, and nothing else', () => {
    const target = `integrations/\${aws_apigatewayv2_integration.api_integration.id}`;
    expect(all(dev, 'route').map(({ body }) => [body.route_key, body.target])).toEqual([
      ['ANY /datasets/{dataset}', target],
      ['ANY /openapi.json', target],
      ['ANY /datasets', target],
      ['ANY /datasets/{dataset}/records', target],
    ]);
    expect(only(dev, 'integration')).toMatchObject({
      integration_type: 'AWS_PROXY',
      integration_uri: `\${aws_lambda_function.api_ingest_api_function.arn}`,
      payload_format_version: '2.0',
    });
  });

  test('waits longer than its function may take, and no longer than an API can', () => {
    const milliseconds = Number(only(dev, 'integration').timeout_milliseconds);
    expect(milliseconds).toBeGreaterThan(dev.lambda.functions.ingestApi.timeoutSeconds * 1000);
    expect(milliseconds).toBeLessThanOrEqual(30_000);
  });

  test('takes so many requests as the environment says', () => {
    expect(at(only(everythingOn, 'stage'), 'default_route_settings')).toMatchObject({
      throttling_rate_limit: 250,
      throttling_burst_limit: 300,
    });
  });

  test('asks for a token where the environment names who gives them out', () => {
    expect(only(everythingOn, 'authorizer')).toMatchObject({
      authorizer_type: 'JWT',
      identity_sources: ['$request.header.Authorization'],
      jwt_configuration: { issuer: 'https://issuer.example.com', audience: ['sluice'] },
    });
    expect(all(dev, 'authorizer')).toEqual([]);
  });

  test('lets the named pages in, and sends them what they need to call it', () => {
    expect(at(only(everythingOn, 'api'), 'cors_configuration')).toMatchObject({
      allow_origins: ['https://shop.example.com'],
      allow_methods: ['GET', 'POST'],
      expose_headers: ['retry-after', 'idempotency-replayed'],
    });
  });
});
