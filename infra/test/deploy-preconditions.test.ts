import { STSServiceException } from '@aws-sdk/client-sts';
import { describe, expect, test } from '@jest/globals';
import { credentialsProblem } from '../src/deploy/aws-account.ts';
import { summaryOf } from '../src/deploy/summary.ts';
import { checkVersion } from '../src/deploy/terraform.ts';

describe('Terraform', () => {
  const version = (terraform_version: string) => JSON.stringify({ terraform_version });

  test.each(['1.11.0', '1.14.3', '2.0.0', '1.12.0-beta1'])('%s will do', (number) => {
    expect(() => checkVersion(version(number))).not.toThrow();
  });

  test.each(['1.10.5', '1.9.0', '0.15.5'])(
    '%s is too old, and one line says where to get another',
    (number) => {
      expect(() => checkVersion(version(number))).toThrow(
        `This is Terraform ${number}. Sluice needs Terraform 1.11 or later; get it from https://`,
      );
    },
  );

  test('that is not there is asked for in one line', () => {
    expect(() => checkVersion(null)).toThrow(
      'Terraform was not found on the path. Sluice needs Terraform 1.11 or later; get it from https://',
    );
  });
});

describe('one line says what is wrong with the credentials', () => {
  const named = (name: string, message: string): Error => Object.assign(new Error(message), { name });
  const logIn = 'run `aws sso login`, or set AWS_PROFILE or AWS_ACCESS_KEY_ID.';

  test.each([
    [
      'there are none',
      named('CredentialsProviderError', 'Could not load credentials from any providers'),
      `No AWS credentials were found: Could not load credentials from any providers; ${logIn}`,
    ],
    [
      'the session is over',
      named(
        'TokenProviderError',
        'Token is expired. To refresh this SSO session run `aws sso login`.\nMore.',
      ),
      `No AWS credentials were found: Token is expired. To refresh this SSO session run \`aws sso login\`; ${logIn}`,
    ],
    [
      'AWS refuses them',
      new STSServiceException({
        name: 'InvalidClientTokenId',
        message: 'The security token included in the request is invalid.',
        $fault: 'client',
        $metadata: {},
      }),
      `AWS does not take the credentials: The security token included in the request is invalid (InvalidClientTokenId); ${logIn}`,
    ],
    [
      'there is no way to AWS',
      named('Error', 'getaddrinfo ENOTFOUND sts.eu-central-1.amazonaws.com'),
      'AWS does not answer: getaddrinfo ENOTFOUND sts.eu-central-1.amazonaws.com.',
    ],
  ])('%s', (_, cause, line) => {
    expect(credentialsProblem(cause)).toMatchObject({ message: line, exitCode: 1 });
  });
});

describe('the last lines of a deploy', () => {
  const outputs = JSON.stringify({
    raw_bucket: { sensitive: false, type: 'string', value: 'sluice-dev-raw-123456789012' },
    dashboard_url: { sensitive: false, type: 'string', value: 'https://example.org/dashboard' },
    regions: { sensitive: false, type: ['list', 'string'], value: ['eu-central-1'] },
  });

  test('count what was made, say where it is, and what to do next', () => {
    const resources =
      'aws_s3_bucket.zones_raw_bucket\ndata.aws_caller_identity.caller\naws_kms_key.keys_data_key\n';
    expect(summaryOf('dev', resources, outputs)).toBe(`
dev is deployed: 2 resources.
  raw bucket     sluice-dev-raw-123456789012
  dashboard url  https://example.org/dashboard

Next: sluice put FILE --dataset orders --env dev`);
  });

  test('promise no bucket that there is not', () => {
    expect(summaryOf('dev', '', '{}')).toBe('\ndev is deployed: 0 resources.');
  });
});
