/** Where an object is. Buckets follow S3's naming rules; a key is 1 to 1024 bytes of UTF-8. */
export interface ObjectAddress {
  readonly bucket: string;
  readonly key: string;
}

/** One version of an object. Only a versioned S3 bucket has version ids; without one, the latest is meant. */
export interface ObjectVersion extends ObjectAddress {
  readonly versionId?: string;
}

export interface ObjectHead {
  /** Bytes. */
  readonly size: number;
  /** Without quotes, as in S3's event notifications. Changes whenever the bytes change. */
  readonly etag: string;
  readonly lastModified: Date;
  readonly versionId?: string;
}

export interface ListedObject {
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  /** Without quotes. */
  readonly etag: string;
  readonly lastModified: Date;
}

/** Bytes `start` to `end`, `end` not included, as in `Uint8Array.slice`; what lies past the end is cut off. */
export interface ByteRange {
  readonly start: number;
  readonly end?: number;
}

export interface ReadOptions {
  readonly range?: ByteRange;
  /** Read only if the object still has this etag; else a LakeStorageError with code `changed`. */
  readonly ifMatch?: string;
}

export interface ListOptions {
  /** Leave out this key and all before it, by their UTF-8 bytes. There need be no such object. */
  readonly startAfter?: string;
}

export interface PutOptions {
  readonly contentType?: string;
  /** Write only if there is no such object yet; of several writers exactly one wins, the rest get `exists`. */
  readonly ifNoneMatch?: '*';
  /** Replace only the object that has this etag; else the outcome is `changed`. */
  readonly ifMatch?: string;
  /** False: work that can be done again, so a disk need not keep it through a power cut. S3 keeps it all the same. */
  readonly durable?: false;
  /** S3 checks the bytes by SHA-256, part by part, and keeps it, instead of CRC-32. Disk and memory keep no checksums. */
  readonly checksum?: 'sha256';
}

export interface StoredObject {
  readonly outcome: 'stored';
  readonly etag: string;
  readonly versionId?: string;
}

export type PutResult = StoredObject | { readonly outcome: 'exists' } | { readonly outcome: 'changed' };

export type ObjectBody = Uint8Array | AsyncIterable<Uint8Array>;

export interface DeleteManyResult {
  /** Keys that are gone now, whether or not they were there before. */
  readonly deleted: readonly string[];
  /** Keys that are still there, each with the reason. */
  readonly failed: readonly { readonly key: string; readonly reason: string }[];
}

export interface LocalFile {
  readonly path: string;
  /** Removes the file if it is a copy. Call it in `finally`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Objects by (bucket, key). S3, disk and memory behave alike; `test/contract.ts` says how.
 *
 * A write is seen whole or not at all. An absent object is `null`, a lost precondition is an outcome;
 * whatever the operator has to put right throws a LakeStorageError, and the SDK's other errors pass through.
 */
export interface ObjectStore {
  head(at: ObjectVersion): Promise<ObjectHead | null>;

  /** A stream of the object as it is now, whatever is written later. Iterate it, or the file or socket stays open. */
  read(at: ObjectVersion, options?: ReadOptions): Promise<AsyncIterable<Uint8Array> | null>;

  /** A body that throws midway leaves nothing behind. Streams need no size and little memory. */
  put(at: ObjectAddress, body: ObjectBody, options?: PutOptions): Promise<PutResult>;

  /** Copies without moving the bytes through this process. `null` if there is no such source. */
  copy(from: ObjectVersion, to: ObjectAddress): Promise<StoredObject | null>;

  /** No error if there is no such object. A versioned bucket keeps its old versions. */
  delete(at: ObjectAddress): Promise<void>;

  /** Any number of keys. Look at `failed`: one key that cannot be deleted does not stop the rest. */
  deleteMany(bucket: string, keys: Iterable<string>): Promise<DeleteManyResult>;

  /** Every object whose key starts with the prefix, in the order of the keys' UTF-8 bytes. */
  list(bucket: string, prefix: string, options?: ListOptions): AsyncIterable<ListedObject>;

  /** The keys that `list` would give, for which no object has to be looked into. */
  keys(bucket: string, prefix: string, options?: ListOptions): AsyncIterable<string>;

  /**
   * The object as a file, for engines that read paths. On disk it is the object's own file: never write to it.
   * On S3 it is a copy in `scratchDir`, removed on disposal. `null` if there is no such object.
   */
  asLocalFile(
    at: ObjectVersion,
    scratchDir: string,
    options?: Pick<ReadOptions, 'ifMatch'>,
  ): Promise<LocalFile | null>;
}
