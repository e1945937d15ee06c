import { at, type Resource, resources, type StackJson } from '../../src/stack-json.ts';
import { referred } from './delivery.ts';
import { about, bodyOf, type Rule, refersTo } from './rule.ts';

const api = 'aws_apigatewayv2_api.api_api';
const stage = 'aws_apigatewayv2_stage.api_stage';
const post = 'aws_apigatewayv2_route.api_post_records';
const permission = 'aws_lambda_permission.api_permission';

/** What is wrong with each API. */
const everyApi =
  (faults: (found: Resource, stack: StackJson) => readonly string[]): Rule['violations'] =>
  (stack) =>
    resources(stack, 'aws_apigatewayv2_api').flatMap((each) => faults(each, stack));

// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging-variables.html
const logged = /\$context\.[\w.]+/g;
/** What of a request can hold a record, or say where a person is. */
const personal = /body|path$|identity\.(sourceIp|userAgent)|querystring/i;

export const apiRules: readonly Rule[] = [
  {
    intent: 'every route asks who calls, in the way that its environment says',
    violations: (stack, environment) =>
      resources(stack, 'aws_apigatewayv2_route').flatMap(({ address, body }) => {
        const jwt = environment.api?.authorizer.type === 'jwt';
        const right = jwt
          ? body.authorization_type === 'JWT' &&
            referred(stack, body.authorizer_id, 'aws_apigatewayv2_authorizer') !== undefined
          : body.authorization_type === 'AWS_IAM';
        return right ? [] : [`${address} lets anybody in`];
      }),
    broken: [
      {
        how: 'a route asks nobody',
        change: (stack) => {
          bodyOf(stack, post).authorization_type = 'NONE';
        },
        says: [`${post} lets anybody in`],
      },
    ],
  },
  {
    intent: 'every API is throttled, and tells in a log of its own who asked what',
    violations: everyApi((found, stack) =>
      about(stack, 'aws_apigatewayv2_stage', 'api_id', found).flatMap(({ address, body }) => {
        const limits = ['throttling_rate_limit', 'throttling_burst_limit'].map((limit) =>
          Number(at(body, 'default_route_settings', limit) ?? 0),
        );
        const group = referred(
          stack,
          at(body, 'access_log_settings', 'destination_arn'),
          'aws_cloudwatch_log_group',
        );
        return [
          ...(limits.every((limit) => limit > 0) ? [] : [`${address} takes any number of requests`]),
          ...(group ? [] : [`${address} logs to no group of the stack`]),
        ];
      }),
    ),
    broken: [
      {
        how: 'there is no limit',
        change: (stack) => {
          delete bodyOf(stack, stage).default_route_settings;
        },
        says: [`${stage} takes any number of requests`],
      },
      {
        how: 'there is no log',
        change: (stack) => {
          delete bodyOf(stack, stage).access_log_settings;
        },
        says: [`${stage} logs to no group of the stack`],
      },
    ],
  },
  {
    intent: 'no access log holds a body, an address or what a caller wrote into a path',
    violations: (stack) =>
      resources(stack, 'aws_apigatewayv2_stage').flatMap(({ address, body }) =>
        (String(at(body, 'access_log_settings', 'format')).match(logged) ?? [])
          .filter((variable) => personal.test(variable))
          .map((variable) => `${address} logs ${variable}`),
      ),
    broken: [
      {
        how: 'the address of the caller is logged',
        change: (stack) => {
          Object.assign(bodyOf(stack, stage).access_log_settings ?? {}, {
            format: '{"ip":"$context.identity.sourceIp","path":"$context.path"}',
          });
        },
        says: [`${stage} logs $context.identity.sourceIp`, `${stage} logs $context.path`],
      },
    ],
  },
  {
    intent: 'no page of another origin can call an API, unless the environment names it',
    violations: (stack, environment) =>
      everyApi(({ address, body }) => {
        const origins = at(body, 'cors_configuration', 'allow_origins') ?? [];
        return JSON.stringify(origins) === JSON.stringify(environment.api?.cors?.origins ?? [])
          ? []
          : [`${address} lets pages of ${JSON.stringify(origins)} in`];
      })(stack, environment),
    broken: [
      {
        how: 'every page may',
        change: (stack) => {
          bodyOf(stack, api).cors_configuration = { allow_origins: ['*'] };
        },
        says: [`${api} lets pages of ["*"] in`],
      },
    ],
  },
  {
    intent:
      'nobody calls a function but in a role, or as an API of the stack: none has a URL or lets others in',
    violations: (stack) => [
      ...resources(stack, 'aws_lambda_function_url').map(
        ({ address }) => `${address} lets others call a function`,
      ),
      ...resources(stack, 'aws_lambda_permission')
        .filter(
          ({ body }) =>
            body.principal !== 'apigateway.amazonaws.com' ||
            !resources(stack, 'aws_apigatewayv2_api').some((each) => refersTo(body.source_arn, each)),
        )
        .map(({ address }) => `${address} lets others call a function`),
    ],
    broken: [
      {
        how: 'a function gets a URL',
        change: (stack) => {
          stack.resource.aws_lambda_function_url = { open: { authorization_type: 'NONE' } };
        },
        says: ['aws_lambda_function_url.open lets others call a function'],
      },
      {
        how: "anybody's API may call it",
        change: (stack) => {
          delete bodyOf(stack, permission).source_arn;
        },
        says: [`${permission} lets others call a function`],
      },
    ],
  },
];
