import { Readable } from 'node:stream';
import {
  ChecksumAlgorithm,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  paginateListObjectsV2,
  type S3Client,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { changedError, checkAddress, checkBucket, cutRange } from './check-address.ts';
import { downloadToScratch } from './local-file.ts';
import type {
  DeleteManyResult,
  ListedObject,
  ListOptions,
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
import { copyWithin, storedObject, unquoted } from './s3-copy.ts';
import { isAbsent, isConflict, s3Error, statusOf } from './s3-error.ts';

/** With 10,000 parts at most, a stream may have 80 GiB; four parts at a time are all of it that is in memory. */
export const partBytes = 8 * 1024 * 1024;
const partsAtOnce = 4;
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html
const maxKeysPerDelete = 1000;

/** Objects in S3, or in an emulator: endpoint, credentials, retries and path style are the client's. */
export function s3Store(client: S3Client): ObjectStore {
  return new S3Store(client);
}

class S3Store implements ObjectStore {
  readonly #client: S3Client;

  constructor(client: S3Client) {
    this.#client = client;
  }

  async head(at: ObjectVersion): Promise<ObjectHead | null> {
    checkAddress(at);
    return orNull(at, async () => {
      const found = await this.#client.send(new HeadObjectCommand(nameOf(at)));
      return {
        size: found.ContentLength ?? 0,
        etag: unquoted(found.ETag),
        lastModified: found.LastModified ?? new Date(0),
        // In a bucket without versions `null` means whatever is there now.
        ...(found.VersionId === undefined || found.VersionId === 'null'
          ? {}
          : { versionId: found.VersionId }),
      };
    });
  }

  async read(at: ObjectVersion, options: ReadOptions = {}): Promise<AsyncIterable<Uint8Array> | null> {
    checkAddress(at);
    const { range, ifMatch } = options;
    // S3 has no empty ranges, and answers one that starts at the end with an error.
    const { start, end } = cutRange(range, Number.MAX_SAFE_INTEGER);
    if (start === end) {
      const found = await this.head(at);
      if (found && ifMatch !== undefined && found.etag !== ifMatch) throw changedError(at, ifMatch);
      return found && nothing();
    }
    try {
      return await orNull(at, async () => {
        const found = await this.#client.send(
          new GetObjectCommand({
            ...nameOf(at),
            Range: range && `bytes=${start}-${range.end === undefined ? '' : end - 1}`,
            IfMatch: ifMatch,
          }),
        );
        // In Node the SDK's body is a Readable, which iterates over Buffers; in browsers it is something else.
        if (!(found.Body instanceof Readable)) throw new TypeError('S3 answered without a Node stream.');
        return found.Body;
      });
    } catch (cause) {
      if (statusOf(cause) === 416) return nothing();
      if (statusOf(cause) === 412 && ifMatch !== undefined) throw changedError(at, ifMatch);
      throw cause;
    }
  }

  async put(at: ObjectAddress, body: ObjectBody, options: PutOptions = {}): Promise<PutResult> {
    checkAddress(at);
    const params = {
      Bucket: at.bucket,
      Key: at.key,
      ContentType: options.contentType,
      IfNoneMatch: options.ifNoneMatch,
      IfMatch: options.ifMatch,
      ...(options.checksum === 'sha256' && { ChecksumAlgorithm: ChecksumAlgorithm.SHA256 }),
    };
    try {
      const stored =
        body instanceof Uint8Array
          ? await this.#client.send(new PutObjectCommand({ ...params, Body: body }))
          : await this.#upload({ ...params, Body: Readable.from(body, { objectMode: false }) });
      return storedObject(stored.ETag, stored.VersionId);
    } catch (cause) {
      const { ifNoneMatch, ifMatch } = options;
      if (ifNoneMatch && statusOf(cause) === 412) return { outcome: 'exists' };
      if (ifMatch !== undefined && (statusOf(cause) === 412 || isAbsent(cause)))
        return { outcome: 'changed' };
      if (isConflict(cause)) {
        // S3 says only that somebody else was quicker or slower; what is there now tells which.
        const current = await this.head(at);
        if (ifNoneMatch && current) return { outcome: 'exists' };
        if (ifMatch !== undefined && current?.etag !== ifMatch) return { outcome: 'changed' };
      }
      throw s3Error(cause, at);
    }
  }

  /** One part goes as a plain put; more are aborted if any fails, so that no invisible parts are paid for. */
  #upload(params: ConstructorParameters<typeof Upload>[0]['params']) {
    return new Upload({ client: this.#client, params, partSize: partBytes, queueSize: partsAtOnce }).done();
  }

  async copy(from: ObjectVersion, to: ObjectAddress): Promise<StoredObject | null> {
    checkAddress(to);
    const source = await this.head(from);
    if (!source) return null;
    try {
      return await orNull(to, () => copyWithin(this.#client, from, to, source));
    } catch (cause) {
      if (statusOf(cause) === 412) throw changedError(from, source.etag);
      throw cause;
    }
  }

  async delete(at: ObjectAddress): Promise<void> {
    checkAddress(at);
    await orNull(at, () => this.#client.send(new DeleteObjectCommand({ Bucket: at.bucket, Key: at.key })));
  }

  async deleteMany(bucket: string, keys: Iterable<string>): Promise<DeleteManyResult> {
    const all = [...keys];
    for (const key of all) checkAddress({ bucket, key });
    const failed: { key: string; reason: string }[] = [];
    for (let start = 0; start < all.length; start += maxKeysPerDelete) {
      const Objects = all.slice(start, start + maxKeysPerDelete).map((Key) => ({ Key }));
      try {
        const { Errors = [] } = await this.#client.send(
          new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects, Quiet: true } }),
        );
        for (const { Key = '', Code = '', Message = '' } of Errors) {
          failed.push({ key: Key, reason: `${Code}: ${Message}` });
        }
      } catch (cause) {
        throw s3Error(cause, { bucket, key: `${Objects.length} objects` });
      }
    }
    const remaining = new Set(failed.map(({ key }) => key));
    return { deleted: all.filter((key) => !remaining.has(key)), failed };
  }

  async *list(bucket: string, prefix: string, options: ListOptions = {}): AsyncIterable<ListedObject> {
    checkBucket(bucket);
    // URL encoding, because XML cannot hold every key.
    const request = {
      Bucket: bucket,
      Prefix: prefix,
      StartAfter: options.startAfter,
      EncodingType: 'url' as const,
    };
    try {
      for await (const page of paginateListObjectsV2({ client: this.#client }, request)) {
        for (const { Key = '', Size = 0, ETag, LastModified = new Date(0) } of page.Contents ?? []) {
          const key = decodeURIComponent(Key.replaceAll('+', ' '));
          yield { key, size: Size, etag: unquoted(ETag), lastModified: LastModified };
        }
      }
    } catch (cause) {
      throw s3Error(cause, { bucket, key: prefix });
    }
  }

  async *keys(bucket: string, prefix: string, options?: ListOptions): AsyncIterable<string> {
    for await (const { key } of this.list(bucket, prefix, options)) yield key;
  }

  asLocalFile(at: ObjectVersion, scratchDir: string, options?: Pick<ReadOptions, 'ifMatch'>) {
    return downloadToScratch(this, at, scratchDir, options);
  }
}

function nameOf({ bucket, key, versionId }: ObjectVersion) {
  return { Bucket: bucket, Key: key, VersionId: versionId };
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

async function orNull<T>(at: ObjectAddress, request: () => Promise<T>): Promise<T | null> {
  try {
    return await request();
  } catch (cause) {
    if (isAbsent(cause)) return null;
    throw s3Error(cause, at);
  }
}
