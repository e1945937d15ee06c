/** What a request that failed as a whole means for its records. */
export interface RequestError {
  readonly code: string;
  readonly kind: /** Again, more slowly. */
    | 'throttled'
    /** Again: the network, a timeout or the service. After a timeout the records may be in the stream already. */
    | 'transient'
    /** One record may be at fault for all: apart they may pass. */
    | 'invalid'
    /** Permissions, an unknown stream: trying again would not help. */
    | 'fatal';
}

const throttles = new Set([
  'ProvisionedThroughputExceededException',
  'KMSThrottlingException',
  'LimitExceededException',
  'ThrottlingException',
  'Throttling',
  'RequestLimitExceeded',
  'TooManyRequestsException',
]);
const invalid = new Set([
  'ValidationException',
  'InvalidArgumentException',
  'SerializationException',
  'RequestEntityTooLargeException',
]);
// Credentials may be renewed, and the SDK corrects its clock by the answer.
const mendable = new Set([
  'ExpiredTokenException',
  'RequestExpired',
  'RequestInTheFuture',
  'RequestTimeTooSkewed',
]);
// Neither has an answer's status, nor would a second try find any.
const withoutAnswer = new Set(['CredentialsProviderError', 'TokenProviderError', 'TypeError', 'RangeError']);

export function requestError(error: unknown): RequestError {
  const code = textOf(error, 'name') ?? 'UnknownError';
  const metadata = fieldOf(error, '$metadata');
  const status = fieldOf(metadata, 'httpStatusCode');
  if (throttles.has(code) || status === 429) return { code, kind: 'throttled' };
  if (mendable.has(code)) return { code, kind: 'transient' };
  if (invalid.has(code) || status === 413) return { code, kind: 'invalid' };
  if (typeof status === 'number')
    return { code, kind: status >= 500 || status < 400 ? 'transient' : 'fatal' };
  if (withoutAnswer.has(code)) return { code, kind: 'fatal' };
  // A system error such as ECONNRESET says more than its class, Error.
  return { code: textOf(error, 'code') ?? code, kind: 'transient' };
}

function fieldOf(of: unknown, name: string): unknown {
  return typeof of === 'object' && of !== null ? Reflect.get(of, name) : undefined;
}

function textOf(of: unknown, name: string): string | undefined {
  const value = fieldOf(of, name);
  return typeof value === 'string' && value !== '' ? value : undefined;
}
