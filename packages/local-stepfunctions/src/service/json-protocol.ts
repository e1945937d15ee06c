import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ServiceError } from './service-error.ts';

/** Takes a request's parsed body and gives the response's. */
export type Action = (request: unknown) => object | Promise<object>;

export interface JsonServer {
  /** `http://127.0.0.1:49152`, without a slash at the end. */
  readonly endpoint: string;
  /** Cuts off what arrives from now on; resolves when the answers that are due have been given. */
  close(): Promise<void>;
}

/** "Maximum request size: 1 MB per request" (Step Functions quotas). */
const MAX_BODY_BYTES = 1_048_576;

// A client reads the refusal only after it has sent its body; one that sends more than this is cut off.
const MAX_DRAINED_BYTES = 16 * MAX_BODY_BYTES;

const LOOPBACK = '127.0.0.1';

// SDKs put `sync-` before the host of StartSyncExecution and TestState. No public name resolves to any of these.
const HOSTS: readonly string[] = [LOOPBACK, 'localhost', `sync-${LOOPBACK}`, 'sync-localhost'];

/**
 * Serves the actions by AWS's JSON 1.0 protocol on the loopback interface: `X-Amz-Target: <service>.<action>`,
 * JSON in, JSON out, errors as `{"__type", "message"}`. Signatures are not looked at. A Host that is not this
 * machine is refused, so that no web page reaches the service through a name of its own (DNS rebinding).
 *
 * @param port 0 takes a free one; rejects if it is taken
 */
export async function serveJson(
  service: string,
  actions: Readonly<Record<string, Action>>,
  port: number,
): Promise<JsonServer> {
  const arriving = new Set<IncomingMessage>();
  let closing = false;

  const server = createServer((request, response) => void answer(request, response));

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    arriving.add(request);
    try {
      const action = actionOf(request);
      const body = parseBody(await readBody(request));
      arriving.delete(request);
      if (closing) throw new ServiceError('ServiceUnavailable', 'The service is stopping', {}, 503);
      respond(response, 200, await action(body));
    } catch (error) {
      arriving.delete(request);
      respond(response, ...refusalOf(error));
    }
  }

  function respond(response: ServerResponse, statusCode: number, body: object): void {
    // What is left of a request that was refused unread is not waited for.
    if (closing || ![200, 400].includes(statusCode)) response.setHeader('connection', 'close');
    send(response, statusCode, body);
  }

  function actionOf(request: IncomingMessage): Action {
    if (!HOSTS.includes(hostName(request))) {
      throw new ServiceError(
        'AccessDeniedException',
        'This service answers to its own machine only',
        {},
        403,
      );
    }
    const target = request.headers['x-amz-target'];
    const [prefix, name = ''] = typeof target === 'string' ? target.split('.') : [];
    const action = Object.hasOwn(actions, name) ? actions[name] : undefined;
    if (request.method !== 'POST' || prefix !== service || action === undefined) {
      throw new ServiceError('UnknownOperationException', `There is no operation ${String(target)} here`);
    }
    return action;
  }

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, LOOPBACK, () => {
      server.off('error', reject);
      resolve();
    });
  });
  // A server that listens on a TCP port has such an address.
  const address = server.address() as AddressInfo;
  return {
    endpoint: `http://${LOOPBACK}:${address.port}`,
    close() {
      closing = true;
      return new Promise((resolve) => {
        // Resolves when every connection has ended; those that are due an answer end with it.
        server.close(() => resolve());
        for (const request of arriving) request.destroy();
      });
    },
  };
}

function hostName(request: IncomingMessage): string {
  return (request.headers.host ?? '').replace(/:\d+$/, '').toLowerCase();
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
    else chunks.length = 0;
    if (bytes > MAX_DRAINED_BYTES) break;
  }
  if (bytes <= MAX_BODY_BYTES) return Buffer.concat(chunks).toString();
  throw new ServiceError(
    'RequestEntityTooLargeException',
    `The request is larger than ${MAX_BODY_BYTES} bytes`,
    {},
    413,
  );
}

function parseBody(text: string): unknown {
  try {
    return JSON.parse(text === '' ? '{}' : text);
  } catch {
    throw new ServiceError('SerializationException', 'The request is no JSON');
  }
}

function refusalOf(error: unknown): [statusCode: number, body: object] {
  if (error instanceof ServiceError) {
    return [error.statusCode, { __type: error.type, message: error.message, ...error.details }];
  }
  return [
    500,
    { __type: 'InternalFailure', message: error instanceof Error ? error.message : String(error) },
  ];
}

function send(response: ServerResponse, statusCode: number, body: object): void {
  if (response.destroyed) return;
  response.writeHead(statusCode, {
    'content-type': 'application/x-amz-json-1.0',
    'x-amzn-requestid': randomUUID(),
  });
  response.end(JSON.stringify(body));
}

/** A moment as the protocol writes it: seconds since the epoch, with fractions. */
export function epochSeconds(date: Date): number {
  return date.getTime() / 1_000;
}
