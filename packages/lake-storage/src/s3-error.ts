import { S3ServiceException } from '@aws-sdk/client-s3';
import { LakeStorageError } from './lake-storage-error.ts';
import type { ObjectAddress } from './object-store.ts';

export function statusOf(cause: unknown): number | undefined {
  return cause instanceof S3ServiceException ? cause.$metadata.httpStatusCode : undefined;
}

/** No such object, or no such version of it. A missing bucket is another matter, where S3 tells them apart. */
export function isAbsent(cause: unknown): boolean {
  if (!(cause instanceof S3ServiceException) || cause.name === 'NoSuchBucket') return false;
  return statusOf(cause) === 404;
}

/** Another conditional write or a delete of the same key was under way. */
export function isConflict(cause: unknown): boolean {
  return cause instanceof S3ServiceException && cause.name === 'ConditionalRequestConflict';
}

/** What the operator can put right, as one line; every other error (throttling, timeouts) as the SDK gave it. */
export function s3Error(cause: unknown, { bucket, key }: ObjectAddress): unknown {
  if (!(cause instanceof S3ServiceException)) return cause;
  if (cause.name === 'NoSuchBucket') {
    return new LakeStorageError(
      'no_such_bucket',
      `There is no bucket ${bucket}; check the name in the configuration, or deploy the environment first.`,
      cause,
    );
  }
  if (statusOf(cause) === 403) {
    return new LakeStorageError(
      'access_denied',
      `S3 denied access to ${key || 'the list'} in bucket ${bucket} (${cause.name}); ` +
        'grant the role that object action, s3:ListBucket, without which absent objects are denied too, and, ' +
        "of the bucket's key, kms:Decrypt for reading and kms:GenerateDataKey for writing.",
      cause,
    );
  }
  if (isConflict(cause)) {
    return new LakeStorageError(
      'conflict',
      `Another writer was writing ${key} in bucket ${bucket} at the same time; try again.`,
      cause,
    );
  }
  return cause;
}
