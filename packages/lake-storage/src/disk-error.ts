import { LakeStorageError } from './lake-storage-error.ts';

/** The `code` of an operating system error, such as `ENOENT`. */
export function errnoOf(cause: unknown): string | undefined {
  return textField(cause, 'code');
}

/** What the operator can put right, as one line; every other error as it is. */
export function diskError(cause: unknown, path: string): unknown {
  const errno = errnoOf(cause);
  const where =
    cause instanceof Error && 'path' in cause && typeof cause.path === 'string' ? cause.path : path;
  switch (errno) {
    case 'ENOSPC':
    case 'EDQUOT':
    case 'EFBIG':
      return new LakeStorageError(
        'disk_full',
        `No space left to write ${where} (${errno}); free some space or give the lake another folder, then run again.`,
        cause,
      );
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new LakeStorageError(
        'access_denied',
        `No permission for ${where} (${errno}); give the user that runs this the right to read and write there.`,
        cause,
      );
    case 'ENAMETOOLONG':
      return new LakeStorageError(
        'invalid_address',
        `The path ${where} is too long for this file system; put the lake into a folder with a shorter path.`,
        cause,
      );
    default:
      return cause;
  }
}

export function leadsOut(path: string): LakeStorageError {
  return new LakeStorageError(
    'not_in_lake',
    `${path} is a symbolic link, or a second spelling of another name; put a real file or folder there.`,
  );
}

function textField(of: unknown, name: 'code' | 'path'): string | undefined {
  const value: unknown = typeof of === 'object' && of !== null ? Reflect.get(of, name) : undefined;
  return typeof value === 'string' ? value : undefined;
}
