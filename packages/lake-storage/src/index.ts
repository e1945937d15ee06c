export { failpoint } from './failpoint.ts';
export { LakeStorageError, type LakeStorageErrorCode } from './lake-storage-error.ts';
export { downloadFile, uploadFile } from './local-file.ts';
export { mapConcurrently } from './map-concurrently.ts';
export type {
  ByteRange,
  DeleteManyResult,
  ListedObject,
  ListOptions,
  LocalFile,
  ObjectAddress,
  ObjectBody,
  ObjectHead,
  ObjectStore,
  ObjectVersion,
  PutOptions,
  PutResult,
  ReadOptions,
  StoredObject,
} from './object-store.ts';
export { putJson, readBytes, readJson } from './small-objects.ts';
export { withLocalFile } from './with-local-file.ts';
