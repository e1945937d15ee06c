import { Apigatewayv2Api } from '@cdktf/provider-aws/lib/apigatewayv2-api/index.js';
import { Apigatewayv2Authorizer } from '@cdktf/provider-aws/lib/apigatewayv2-authorizer/index.js';
import { Apigatewayv2Integration } from '@cdktf/provider-aws/lib/apigatewayv2-integration/index.js';
import { Apigatewayv2Route } from '@cdktf/provider-aws/lib/apigatewayv2-route/index.js';
import { Apigatewayv2Stage } from '@cdktf/provider-aws/lib/apigatewayv2-stage/index.js';
import { CloudwatchLogGroup } from '@cdktf/provider-aws/lib/cloudwatch-log-group/index.js';
import { LambdaPermission } from '@cdktf/provider-aws/lib/lambda-permission/index.js';
import { Construct } from 'constructs';
import type { Environment } from '../environments/environment.ts';
import type { Deployment } from './deployment.ts';
import type { LakeFolders } from './folder-access.ts';
import { type FunctionSurroundings, LakeFunction } from './lake-function.ts';
import type { RecordStream } from './record-stream.ts';
import type { Zones } from './zones.ts';

type Settings = NonNullable<Environment['api']>;

interface HttpApiProps extends FunctionSurroundings, Settings {
  readonly stream: RecordStream;
  readonly datasetField: string;
  readonly zones: Zones;
  readonly folders: LakeFolders;
}

/** What ingest-api answers, another method by 405. Any other path is answered 404 by the API itself, and nothing runs. */
const routes = {
  'post-records': 'ANY /datasets/{dataset}/records',
  'get-dataset': 'ANY /datasets/{dataset}',
  'list-datasets': 'ANY /datasets',
  'get-openapi': 'ANY /openapi.json',
};

/**
 * The way in for records over HTTP: `<prefix>-ingest`, whose one stage is `$default`. Its access log tells who asked for
 * what and how it went, and holds neither bodies nor addresses.
 */
export class HttpApi extends Construct {
  readonly id: string;
  /** `https://…`, without a slash at the end. */
  readonly url: string;
  readonly ingestApi: LakeFunction;

  constructor(scope: Construct, id: string, deployment: Deployment, props: HttpApiProps) {
    super(scope, id);
    const { stream, zones, folders, network, keyArn, throttle, authorizer, cors } = props;
    const { lambda, retention } = deployment.environment;
    const size = lambda.functions.ingestApi;

    this.ingestApi = new LakeFunction(this, 'ingest-api', deployment, {
      network,
      keyArn,
      description: 'Puts posted records into the stream',
      size,
      variables: {
        STREAM_NAME: stream.name,
        DATASET_FIELD: props.datasetField,
        CURATED_BUCKET: zones.curated.name,
      },
      // Answers to requests that may be sent again.
      may: [...stream.mayPut, ...folders.access({ read: ['requests'], write: ['requests'] })],
    });

    const api = new Apigatewayv2Api(this, 'api', {
      name: deployment.nameOf('ingest'),
      description: 'Takes records of the lake',
      protocolType: 'HTTP',
      ...(cors === null
        ? {}
        : {
            corsConfiguration: {
              allowOrigins: cors.origins,
              allowMethods: ['GET', 'POST'],
              allowHeaders: ['authorization', 'content-type', 'content-encoding', 'idempotency-key'],
              exposeHeaders: ['retry-after', 'idempotency-replayed'],
            },
          }),
    });
    const authorization = authorizationOf(this, deployment, api.id, authorizer);
    const integration = new Apigatewayv2Integration(this, 'integration', {
      apiId: api.id,
      integrationType: 'AWS_PROXY',
      integrationUri: this.ingestApi.arn,
      payloadFormatVersion: '2.0',
      // A second more than the function has: it says better than the API what took too long.
      timeoutMilliseconds: (size.timeoutSeconds + 1) * 1000,
    });
    for (const [name, routeKey] of Object.entries(routes)) {
      new Apigatewayv2Route(this, name, {
        apiId: api.id,
        routeKey,
        target: `integrations/${integration.id}`,
        ...authorization,
      });
    }
    new LambdaPermission(this, 'permission', {
      statementId: 'AnswerRequests',
      action: 'lambda:InvokeFunction',
      functionName: this.ingestApi.arn,
      principal: 'apigateway.amazonaws.com',
      sourceArn: `${api.executionArn}/*/*`,
    });

    // CloudWatch keeps one policy for all that deliver logs; names that begin like this take none of its room:
    // https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging.html
    const logs = new CloudwatchLogGroup(this, 'logs', {
      name: `/aws/vendedlogs/http-api/${deployment.nameOf('ingest')}`,
      retentionInDays: retention.logDays,
      kmsKeyId: keyArn,
    });
    new Apigatewayv2Stage(this, 'stage', {
      apiId: api.id,
      name: '$default',
      autoDeploy: true,
      accessLogSettings: { destinationArn: logs.arn, format: accessLog(authorizer) },
      defaultRouteSettings: {
        throttlingRateLimit: throttle.requestsPerSecond,
        throttlingBurstLimit: throttle.burst,
      },
    });
    this.id = api.id;
    this.url = api.apiEndpoint;
  }
}

/** How each route is guarded. */
const authorizationOf = (
  scope: Construct,
  deployment: Deployment,
  apiId: string,
  authorizer: Settings['authorizer'],
) => {
  if (authorizer.type === 'iam') return { authorizationType: 'AWS_IAM' };
  const { issuer, audience } = authorizer;
  const { id } = new Apigatewayv2Authorizer(scope, 'authorizer', {
    apiId,
    name: deployment.nameOf('ingest'),
    authorizerType: 'JWT',
    identitySources: ['$request.header.Authorization'],
    jwtConfiguration: { issuer, audience },
  });
  return { authorizationType: 'JWT', authorizerId: id };
};

/** https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging-variables.html */
const accessLog = ({ type }: Settings['authorizer']): string =>
  JSON.stringify({
    time: '$context.requestTime',
    requestId: '$context.requestId',
    route: '$context.routeKey',
    caller: type === 'iam' ? '$context.identity.userArn' : '$context.authorizer.claims.sub',
    status: '$context.status',
    error: '$context.error.responseType',
    integrationStatus: '$context.integrationStatus',
    integrationError: '$context.integrationErrorMessage',
    responseBytes: '$context.responseLength',
    latencyMs: '$context.responseLatency',
    integrationLatencyMs: '$context.integrationLatency',
  });
