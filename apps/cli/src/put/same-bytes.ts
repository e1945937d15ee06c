import { createHash } from 'node:crypto';
import { HeadObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { ObjectHead, ObjectStore, ObjectVersion } from '@sluice/lake-storage';
import { partBytes } from '@sluice/lake-storage/s3';
import { askAws } from '../deployed/aws-error.ts';
import { chunksOf, type LocalSource } from '../lake/land-file.ts';

/**
 * Whether an object on S3 has the file's very bytes: by the SHA-256 that S3 keeps of what `sluice put` puts. An object of
 * the same size that came some other way, or of which S3 keeps another hash of other parts, is read.
 */
export const hasSameBytes = async (
  { client, store }: { readonly client: S3Client; readonly store: Pick<ObjectStore, 'read'> },
  at: ObjectVersion,
  head: ObjectHead,
  source: LocalSource,
  { signal, onBytes }: { readonly signal: AbortSignal; readonly onBytes: (soFar: number) => void },
): Promise<boolean> => {
  if (head.size !== source.size) return false;
  const hashOfFile = (partBytes: number | null) =>
    sha256InParts(chunksOf(source, signal, onBytes), partBytes);
  // Of several parts it is the hash of their hashes, and their number.
  const [kept, parts] = (await checksumOf(client, at))?.split('-') ?? [];
  if (kept !== undefined && parts === undefined) return (await hashOfFile(null)) === kept;
  const isInOurParts = Number(parts) === Math.ceil(head.size / partBytes);
  if (isInOurParts && (await hashOfFile(partBytes)) === kept) return true;
  const body = await store.read(at, { ifMatch: head.etag });
  return body !== null && (await sha256InParts(body, null)) === (await hashOfFile(null));
};

/** The SHA-256 that S3 keeps, in base64; undefined if it keeps none. */
const checksumOf = async (client: S3Client, { bucket, key, versionId }: ObjectVersion) => {
  const { ChecksumSHA256 } = await askAws('s3:GetObject', () =>
    client.send(
      new HeadObjectCommand({ Bucket: bucket, Key: key, VersionId: versionId, ChecksumMode: 'ENABLED' }),
    ),
  );
  return ChecksumSHA256;
};

/** Base64. With a size for parts, the hash of the parts' hashes. */
const sha256InParts = async (chunks: AsyncIterable<Uint8Array>, size: number | null): Promise<string> => {
  const ofParts = createHash('sha256');
  let part = createHash('sha256');
  const most = size ?? Number.POSITIVE_INFINITY;
  let room = most;
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length; ) {
      if (room === 0) {
        ofParts.update(part.digest());
        part = createHash('sha256');
        room = most;
      }
      const some = chunk.subarray(at, at + Math.min(room, chunk.length - at));
      part.update(some);
      room -= some.length;
      at += some.length;
    }
  }
  return size === null ? part.digest('base64') : ofParts.update(part.digest()).digest('base64');
};
