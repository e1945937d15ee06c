import { CliError, errnoOf, oneLine } from '../cli-error.ts';
import { EXIT } from '../exit-codes.ts';

const logIn = 'run `aws sso login`, or set AWS_PROFILE or AWS_ACCESS_KEY_ID';

// What STS, S3 and Step Functions call credentials that they do not take.
const refusedCredentials = new Set([
  'ExpiredToken',
  'ExpiredTokenException',
  'InvalidAccessKeyId',
  'InvalidClientTokenId',
  'IncompleteSignature',
  'MissingAuthenticationToken',
  'SignatureDoesNotMatch',
  'UnrecognizedClientException',
]);

/**
 * Calls AWS. `action` is the permission that the call needs, in IAM's words: `states:RedriveExecution`.
 *
 * @throws {CliError} one line that says what is missing: credentials, the permission, the network. What only the caller
 * can explain, such as an execution that does not exist, is thrown as the SDK threw it.
 */
export const askAws = async <T>(action: string, call: () => Promise<T>): Promise<T> => {
  try {
    return await call();
  } catch (error) {
    throw explained(action, error);
  }
};

const explained = (action: string, error: unknown): unknown => {
  if (!(error instanceof Error) || error instanceof CliError) return error;
  // The providers' messages have several lines at times.
  const why = oneLine(error.message.split('\n')[0] ?? '').replace(/\.$/, '');
  const fault = (message: string): CliError => new CliError(message, EXIT.fault, error);
  // https://docs.aws.amazon.com/AWSJavaScriptSDK/v3/latest/Package/-smithy-property-provider/
  if (error.name === 'CredentialsProviderError' || error.name === 'TokenProviderError')
    return fault(`no AWS credentials were found: ${why}; ${logIn}`);
  if (refusedCredentials.has(error.name))
    return fault(`AWS does not take the credentials: ${why} (${error.name}); ${logIn}`);
  if (error.name === 'AccessDenied' || error.name === 'AccessDeniedException')
    return fault(`these credentials may not ${action}: ${why}; ask for that permission`);
  if (/^(KMS|Kms)/.test(error.name))
    return fault(`these credentials cannot use the lake's key: ${why} (${error.name}); ask for kms:Decrypt`);
  if (errnoOf(error) !== undefined || error.name === 'TimeoutError')
    return fault(`AWS does not answer: ${why || error.name}; check the network, and AWS_ENDPOINT_URL`);
  return error;
};
