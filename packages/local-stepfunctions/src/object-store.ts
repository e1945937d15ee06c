/**
 * Where Distributed Maps find their data sets and put their results: a part of an S3 client's verbs, so that
 * S3, a folder or memory can stand behind it. What a method throws becomes the cause of
 * `States.ItemReaderFailed` or `States.ResultWriterFailed`.
 */
export interface ObjectStore {
  /** Null if there is no such object. */
  head(at: ObjectVersion): Promise<ObjectHead | null>;
  /** The object's bytes, or those of the range; null if there is no such object. */
  read(
    at: ObjectVersion,
    options?: { readonly range?: ByteRange },
  ): Promise<AsyncIterable<Uint8Array> | null>;
  /** Every object whose key starts with the prefix, in the order of the keys' UTF-8 bytes. */
  list(bucket: string, prefix: string): AsyncIterable<ListedObject>;
  /** Writes an object, in place of one that is there. A body that throws midway leaves nothing behind. */
  put(at: ObjectAddress, body: AsyncIterable<Uint8Array>): Promise<unknown>;
}

export interface ObjectAddress {
  readonly bucket: string;
  readonly key: string;
}

/** Without a version id the latest version is meant. */
export interface ObjectVersion extends ObjectAddress {
  readonly versionId?: string;
}

export interface ObjectHead {
  /** Bytes. */
  readonly size: number;
  readonly etag: string;
}

export interface ListedObject {
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  /** With or without its quotes. */
  readonly etag: string;
  readonly lastModified: Date;
  /** `STANDARD` if none is given. */
  readonly storageClass?: string;
}

/** Bytes `start` to `end`, `end` not included, as in `Uint8Array.slice`. */
export interface ByteRange {
  readonly start: number;
  readonly end?: number;
}
