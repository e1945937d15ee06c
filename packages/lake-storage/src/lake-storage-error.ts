export type LakeStorageErrorCode =
  | 'invalid_address'
  | 'invalid_range'
  | 'changed'
  | 'conflict'
  | 'too_large'
  | 'no_such_bucket'
  | 'access_denied'
  | 'disk_full'
  | 'not_in_lake'
  | 'unsupported_disk';

/** Something the operator has to put right; the message is one line: what, where, what to do. */
export class LakeStorageError extends Error {
  override readonly name = 'LakeStorageError';
  readonly code: LakeStorageErrorCode;

  constructor(code: LakeStorageErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}
