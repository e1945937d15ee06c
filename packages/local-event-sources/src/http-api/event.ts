import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { MatchedRoute } from './routes.ts';

/** What is known of a request once it is here as a whole. */
export interface ReceivedRequest {
  readonly message: IncomingMessage;
  readonly path: string;
  readonly rawQueryString: string;
  readonly body: Buffer;
  readonly route: MatchedRoute;
}

/**
 * The content types whose bodies an HTTP API hands on as text, whatever their bytes are; every other body, also one
 * without a type, is base64. AWS documents no list. This is the one that MiniStack's authors found on AWS:
 * https://github.com/ministackorg/ministack/pull/766
 */
const TEXT = ['application/json', 'application/xml', 'application/javascript'];

const isText = (contentType: string | undefined): boolean => {
  const type = (contentType ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
  return type.startsWith('text/') || TEXT.includes(type);
};

/** Every escape but `%25` is decoded, so that what was escaped twice stays escaped once. As found on AWS, too. */
export const decodePath = (path: string): string =>
  path.replace(/(?:%(?!25)[0-9a-f]{2})+/gi, (escapes) =>
    Buffer.from(escapes.replaceAll('%', ''), 'hex').toString('utf8'),
  );

/** Names in lower case, the values of equal names joined; cookies stand apart. */
const headersOf = ({ headersDistinct }: IncomingMessage): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headersDistinct)
      .filter(([name]) => name !== 'cookie')
      .map(([name, values]) => [name, (values ?? []).join(',')]),
  );

const queryOf = (rawQueryString: string): Record<string, string> => {
  const query = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(rawQueryString)) {
    const before = query.get(name);
    query.set(name, before === undefined ? value : `${before},${value}`);
  }
  return Object.fromEntries(query);
};

/** The event of payload format 2.0: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html */
export const eventOf = ({ message, path, rawQueryString, body, route }: ReceivedRequest) => {
  const headers = headersOf(message);
  const cookies = message.headersDistinct.cookie?.flatMap((one) => one.split(/;\s*/));
  const now = Date.now();
  const text = isText(headers['content-type']);
  return {
    version: '2.0',
    routeKey: route.routeKey,
    rawPath: path,
    rawQueryString,
    ...(cookies && { cookies }),
    headers,
    ...(rawQueryString !== '' && { queryStringParameters: queryOf(rawQueryString) }),
    ...(Object.keys(route.pathParameters).length > 0 && { pathParameters: route.pathParameters }),
    requestContext: {
      accountId: '000000000000',
      apiId: 'local',
      domainName: headers.host ?? 'localhost',
      http: {
        method: message.method ?? 'GET',
        path,
        protocol: `HTTP/${message.httpVersion}`,
        sourceIp: message.socket.remoteAddress ?? '127.0.0.1',
        userAgent: headers['user-agent'] ?? '',
      },
      requestId: randomUUID(),
      routeKey: route.routeKey,
      stage: '$default',
      time: new Date(now).toUTCString(),
      timeEpoch: now,
    },
    ...(body.length > 0 && { body: body.toString(text ? 'utf8' : 'base64') }),
    isBase64Encoded: body.length > 0 && !text,
  };
};

/** An event as its handler gets it. */
export type LocalHttpEvent = ReturnType<typeof eventOf>;
