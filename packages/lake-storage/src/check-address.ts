import { LakeStorageError } from './lake-storage-error.ts';
import type { ByteRange, ObjectAddress } from './object-store.ts';

// S3's limits: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html and object-keys.html
const bucketName = /^[a-z0-9](?:[a-z0-9-]|\.(?!\.)){1,61}[a-z0-9]$/;
const maxKeyBytes = 1024;

/** Refuses, in the same words on every store, what S3 could not hold. */
export function checkAddress({ bucket, key }: ObjectAddress): void {
  checkBucket(bucket);
  const where = `The key ${JSON.stringify(key.length > 100 ? `${key.slice(0, 100)}…` : key)} in bucket ${bucket}`;
  if (key === '') throw new LakeStorageError('invalid_address', `${where} is empty; give the object a name.`);
  const bytes = Buffer.from(key, 'utf8');
  if (bytes.toString('utf8') !== key) {
    throw new LakeStorageError(
      'invalid_address',
      `${where} is not valid Unicode (half of a surrogate pair); rename the object.`,
    );
  }
  if (bytes.length > maxKeyBytes) {
    throw new LakeStorageError(
      'invalid_address',
      `${where} has ${bytes.length} bytes, S3 allows ${maxKeyBytes}; use a shorter name.`,
    );
  }
}

export function checkBucket(bucket: string): void {
  if (!bucketName.test(bucket)) {
    throw new LakeStorageError(
      'invalid_address',
      `${JSON.stringify(bucket)} is not a bucket name; use 3 to 63 lower-case letters, digits, dots and hyphens.`,
    );
  }
}

/** The range within an object of `size` bytes. */
export function cutRange(range: ByteRange | undefined, size: number): { start: number; end: number } {
  const { start, end = size } = range ?? { start: 0 };
  if (!Number.isSafeInteger(start) || !Number.isSafeInteger(end) || start < 0 || end < start) {
    throw new LakeStorageError(
      'invalid_range',
      `The byte range ${start} to ${end} is not one; give 0 ≤ start ≤ end, end not included.`,
    );
  }
  return { start: Math.min(start, size), end: Math.min(end, size) };
}

/** S3 lists keys in this order, which differs from JavaScript's own (UTF-16) beyond U+FFFF. */
export function compareUtf8(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a, 'utf8'), Buffer.from(b, 'utf8'));
}

export function changedError({ bucket, key }: ObjectAddress, etag: string): LakeStorageError {
  return new LakeStorageError(
    'changed',
    `The object ${key} in bucket ${bucket} is no longer the one with etag ${etag}; start again with the new one.`,
  );
}
