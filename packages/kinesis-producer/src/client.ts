import { KinesisClient, type KinesisClientConfig } from '@aws-sdk/client-kinesis';
import { NodeHttp2Handler, NodeHttpHandler } from '@smithy/node-http-handler';

export interface ClientOptions {
  /** Another endpoint than AWS's own, such as `http://127.0.0.1:4567`. */
  readonly endpoint?: string | undefined;
  readonly region?: string | undefined;
  /** As the SDK finds them, if absent. */
  readonly credentials?: KinesisClientConfig['credentials'];
  /** How long a request may take, in ms; 10,000 if absent. */
  readonly requestTimeoutMs?: number | undefined;
  /** Connections to an `http://` endpoint; 50 if absent. */
  readonly maxSockets?: number | undefined;
}

/** A client that leaves retries to the producer, which knows which records of a request failed. */
export function kinesisClient(options: ClientOptions = {}): KinesisClient {
  const { endpoint, region, credentials, requestTimeoutMs = 10_000, maxSockets = 50 } = options;
  // The SDK's default for Kinesis is HTTP/2, which needs TLS: emulators on plain HTTP speak HTTP/1.1 only.
  const requestHandler = endpoint?.startsWith('http://')
    ? new NodeHttpHandler({
        requestTimeout: requestTimeoutMs,
        throwOnRequestTimeout: true,
        connectionTimeout: 5_000,
        httpAgent: { keepAlive: true, maxSockets },
      })
    : new NodeHttp2Handler({ requestTimeout: requestTimeoutMs, disableConcurrentStreams: true });
  const client = new KinesisClient({
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(region === undefined ? {} : { region }),
    ...(credentials === undefined ? {} : { credentials }),
    requestHandler,
    maxAttempts: 1,
    // The same way for every request, found once.
    cacheMiddleware: true,
  });
  // It copies all records of each request and answer for a log line that nobody writes: a fifth of a request's cost.
  client.middlewareStack.remove('loggerMiddleware');
  return client;
}
