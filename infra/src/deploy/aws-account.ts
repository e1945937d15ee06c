import { HeadBucketCommand, HeadObjectCommand, S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import { GetCallerIdentityCommand, STSClient, STSServiceException } from '@aws-sdk/client-sts';
import { DeployError } from './deploy-error.ts';

/** The AWS account that the credentials belong to. */
export interface AwsAccount {
  /** 12 digits. */
  readonly id: string;
  /** Whether a bucket exists, and is ours. Throws a DeployError if it is somebody else's, or must not be seen. */
  hasBucket(bucket: string): Promise<boolean>;
  hasObject(bucket: string, key: string): Promise<boolean>;
}

/** Asks AWS whose the credentials are. Throws a DeployError if there are none, or none that AWS takes. */
export const openAccount = async (region: string): Promise<AwsAccount> => {
  const id = await accountId(region);
  const s3 = new S3Client({ region });
  return {
    id,
    hasBucket: (Bucket) =>
      found(s3.send(new HeadBucketCommand({ Bucket, ExpectedBucketOwner: id })), Bucket, region),
    hasObject: (Bucket, Key) =>
      found(s3.send(new HeadObjectCommand({ Bucket, Key, ExpectedBucketOwner: id })), Bucket, region),
  };
};

const accountId = async (region: string): Promise<string> => {
  try {
    const { Account } = await new STSClient({ region }).send(new GetCallerIdentityCommand());
    if (Account) return Account;
    throw new Error('AWS did not say which account this is.');
  } catch (cause) {
    throw credentialsProblem(cause);
  }
};

const logIn = 'run `aws sso login`, or set AWS_PROFILE or AWS_ACCESS_KEY_ID';

/** What went wrong when AWS was asked who we are, and what to do about it. */
export const credentialsProblem = (cause: unknown): unknown => {
  if (!(cause instanceof Error)) return cause;
  // The providers' messages have several lines at times.
  const why = cause.message.split('\n')[0]?.replace(/\.$/, '');
  if (cause instanceof STSServiceException) {
    return new DeployError(`AWS does not take the credentials: ${why} (${cause.name}); ${logIn}.`);
  }
  // https://docs.aws.amazon.com/AWSJavaScriptSDK/v3/latest/Package/-smithy-property-provider/
  if (cause.name === 'CredentialsProviderError' || cause.name === 'TokenProviderError') {
    return new DeployError(`No AWS credentials were found: ${why}; ${logIn}.`);
  }
  return new DeployError(`AWS does not answer: ${why}.`);
};

const found = async (answer: Promise<unknown>, bucket: string, region: string): Promise<boolean> => {
  try {
    await answer;
    return true;
  } catch (cause) {
    if (!(cause instanceof S3ServiceException)) throw cause;
    const status = cause.$metadata.httpStatusCode;
    if (status === 404) return false;
    if (status === 403) {
      throw new DeployError(
        `S3 does not show the bucket ${bucket}: it belongs to another account, or these credentials may not ` +
          's3:ListBucket, s3:GetObject and kms:Decrypt there.',
      );
    }
    if (status === 301) throw new DeployError(`The bucket ${bucket} is not in ${region}, where it belongs.`);
    throw cause;
  }
};
