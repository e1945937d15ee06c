import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { HttpResponse } from '@sluice/step-contracts';
import { decodePath, eventOf, type LocalHttpEvent } from './event.ts';
import { bodyBudget, readBody } from './read-body.ts';
import { createRouter, type RouteKey } from './routes.ts';

/** A Lambda's handler behind an HTTP API, payload format 2.0. */
export type HttpApiHandler = (event: LocalHttpEvent, context: HttpApiContext) => Promise<HttpResponse>;

interface HttpApiContext {
  readonly awsRequestId: string;
  readonly getRemainingTimeInMillis: () => number;
}

export interface HttpApiOptions {
  readonly handler: HttpApiHandler;
  /** 0, the default, is any free one. */
  readonly port?: number;
  /** 127.0.0.1 unless told otherwise: nobody is asked who they are. */
  readonly host?: string;
  /** `$default` alone unless told otherwise: the handler gets everything. */
  readonly routes?: readonly RouteKey[];
  /** Of a request: 10 MB on AWS. https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html */
  readonly maxBodyBytes?: number;
  /** Of all requests that are coming in or being worked on: what slow clients may hold. */
  readonly maxBufferedBytes?: number;
  /** More are not answered. */
  readonly maxConnections?: number;
  /** For the headers to come; then 408. */
  readonly headersTimeoutMs?: number;
  /** For the request to come as a whole; then 408. */
  readonly requestTimeoutMs?: number;
  /** For the handler to answer, 30 s on AWS; then 503. */
  readonly integrationTimeoutMs?: number;
}

export interface HttpApi {
  /** `http://127.0.0.1:40123`, without a slash behind it. */
  readonly url: string;
  /** Takes no new request, and is done when those under way are answered. */
  readonly close: () => Promise<void>;
}

/** API Gateway's own answers, which no handler sees. */
const messages = {
  404: 'Not Found',
  413: 'Request Too Long',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
} as const;

const MEBIBYTE = 1024 * 1024;

/** All header lines and the request line together: 10,240 bytes on AWS. */
const MAX_HEADER_BYTES = 10_240;

/**
 * Serves a handler on this machine as an HTTP API of API Gateway does, without its authorizers, stages and throttles. The
 * memory that clients can take is bounded, however slowly they send.
 */
export const startHttpApi = async ({
  handler,
  port = 0,
  host = '127.0.0.1',
  routes = ['$default'],
  maxBodyBytes = 10 * MEBIBYTE,
  maxBufferedBytes = 128 * MEBIBYTE,
  maxConnections = 1000,
  headersTimeoutMs = 10_000,
  requestTimeoutMs = 60_000,
  integrationTimeoutMs = 30_000,
}: HttpApiOptions): Promise<HttpApi> => {
  const routeOf = createRouter(routes);
  const budget = bodyBudget(maxBufferedBytes);
  /** Those whose handler may have done something. */
  const underWay = new Set<ServerResponse>();
  let closing = false;

  const serve = async (message: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { path, rawQueryString } = pathOf(message);
    const route = routeOf(message.method ?? 'GET', path);
    if (!route) return refuse(response, 404);
    const read = await readBody(message, maxBodyBytes, budget);
    if (read.outcome === 'too_long') return refuse(response, 413);
    if (read.outcome === 'busy') return refuse(response, 503);
    if (read.outcome === 'aborted') return void response.destroy();
    if (closing) return refuse(response, 503);
    underWay.add(response);
    response.once('close', () => underWay.delete(response));
    try {
      const event = eventOf({ message, path, rawQueryString, body: read.body, route });
      write(response, await answerOf(event, handler, integrationTimeoutMs));
    } finally {
      budget.take(-read.body.length);
    }
  };

  const server = createServer(
    {
      headersTimeout: headersTimeoutMs,
      requestTimeout: requestTimeoutMs,
      // How late a client that is too slow may be cut off.
      connectionsCheckingInterval: Math.min(1000, headersTimeoutMs),
      maxHeaderSize: MAX_HEADER_BYTES,
    },
    (message, response) => {
      serve(message, response).catch(() => refuse(response, 500));
    },
  );
  server.maxConnections = maxConnections;
  server.listen(port, host);
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The HTTP API listens on no port.');
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${address.port}`,
    async close() {
      closing = true;
      const closed = once(server, 'close');
      server.close();
      await Promise.all([...underWay].map((response) => once(response, 'close')));
      // Idle ones, and clients that are still sending: nobody has looked at what they sent.
      server.closeAllConnections();
      await closed;
    },
  };
};

const pathOf = ({ url = '/' }: IncomingMessage): { path: string; rawQueryString: string } => {
  // A proxy's request line has the whole URL.
  const target = url.replace(/^https?:\/\/[^/?]*/i, '') || '/';
  const question = target.indexOf('?');
  const path = decodePath(question < 0 ? target : target.slice(0, question));
  return { path, rawQueryString: question < 0 ? '' : target.slice(question + 1) };
};

const answerOf = async (
  event: LocalHttpEvent,
  handler: HttpApiHandler,
  timeoutMs: number,
): Promise<HttpResponse> => {
  const deadline = Date.now() + timeoutMs;
  const context = {
    awsRequestId: event.requestContext.requestId,
    getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
  };
  const done = new AbortController();
  try {
    const late = sleep(timeoutMs, ownAnswer(503), { signal: done.signal, ref: false });
    late.catch(() => undefined);
    return await Promise.race([handler(event, context), late]);
  } catch {
    return ownAnswer(500);
  } finally {
    done.abort();
  }
};

const ownAnswer = (status: keyof typeof messages): HttpResponse => ({
  statusCode: status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ message: messages[status] }),
});

const write = (
  response: ServerResponse,
  { statusCode, headers, body = '', isBase64Encoded }: HttpResponse,
): void => {
  const bytes = Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8');
  const hasNoBody = response.req.method === 'HEAD' || statusCode === 204 || statusCode === 304;
  response.writeHead(statusCode, {
    ...(!hasNoBody && { 'content-length': bytes.length }),
    ...(bytes.length > 0 && { 'content-type': 'application/json' }),
    ...headers,
  });
  response.end(hasNoBody ? undefined : bytes);
};

/** What is left of the request is read and thrown away, or the client might never see the answer. */
const refuse = (response: ServerResponse, status: keyof typeof messages): void => {
  if (response.headersSent) return void response.destroy();
  write(response, ownAnswer(status));
};
