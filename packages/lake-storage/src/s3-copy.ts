import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  type S3Client,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { mapConcurrently } from './map-concurrently.ts';
import type { ByteRange, ObjectAddress, ObjectHead, ObjectVersion, StoredObject } from './object-store.ts';

// CopyObject and each of the parts of a larger copy take up to 5 GiB: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
const maxCopyBytes = 5 * 1024 ** 3;
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html
const maxParts = 10_000;
// S3 copies some 100 MB/s per request: a terabyte takes minutes, and no part outlasts a Lambda.
const usualPartBytes = 512 * 1024 ** 2;
const partsAtOnce = 32;

/** Copies within S3 what `head` described; the source must not change meanwhile. */
export async function copyWithin(
  client: S3Client,
  from: ObjectVersion,
  to: ObjectAddress,
  source: ObjectHead,
): Promise<StoredObject> {
  if (source.size > maxCopyBytes) return copyInParts(client, from, to, source, copiedParts(source.size));
  const copied = await client.send(
    new CopyObjectCommand({
      Bucket: to.bucket,
      Key: to.key,
      CopySource: copySource(from, source),
      CopySourceIfMatch: source.etag,
    }),
  );
  return storedObject(copied.CopyObjectResult?.ETag, copied.VersionId);
}

/** The parts of a copy, in their order: as few as a multipart upload takes. */
export function copiedParts(size: number, least = usualPartBytes): Required<ByteRange>[] {
  const bytes = Math.max(least, Math.ceil(size / maxParts));
  return Array.from({ length: Math.ceil(size / bytes) }, (_, at) => ({
    start: at * bytes,
    end: Math.min((at + 1) * bytes, size),
  }));
}

/** For large objects. Unlike CopyObject it keeps neither the content type nor the tags. */
export async function copyInParts(
  client: S3Client,
  from: ObjectVersion,
  to: ObjectAddress,
  source: ObjectHead,
  parts: readonly Required<ByteRange>[],
): Promise<StoredObject> {
  const target = { Bucket: to.bucket, Key: to.key };
  const { UploadId } = await client.send(new CreateMultipartUploadCommand(target));
  try {
    const Parts = await mapConcurrently([...parts.entries()], partsAtOnce, async ([at, { start, end }]) => {
      const PartNumber = at + 1;
      const { CopyPartResult } = await client.send(
        new UploadPartCopyCommand({
          ...target,
          UploadId,
          PartNumber,
          CopySource: copySource(from, source),
          CopySourceIfMatch: source.etag,
          CopySourceRange: `bytes=${start}-${end - 1}`,
        }),
      );
      return { PartNumber, ETag: CopyPartResult?.ETag };
    });
    const done = await client.send(
      new CompleteMultipartUploadCommand({ ...target, UploadId, MultipartUpload: { Parts } }),
    );
    return storedObject(done.ETag, done.VersionId);
  } catch (cause) {
    await client.send(new AbortMultipartUploadCommand({ ...target, UploadId }));
    throw cause;
  }
}

export function storedObject(quotedEtag: string | undefined, versionId: string | undefined): StoredObject {
  const etag = unquoted(quotedEtag);
  return versionId === undefined || versionId === 'null'
    ? { outcome: 'stored', etag }
    : { outcome: 'stored', etag, versionId };
}

export function unquoted(etag: string | undefined): string {
  return (etag ?? '').replace(/^"|"$/g, '');
}

/** The SDK leaves the encoding of this header to its caller. */
function copySource({ bucket, key }: ObjectVersion, { versionId }: ObjectHead): string {
  const path = `${bucket}/${key.split('/').map(encodeURIComponent).join('/')}`;
  return versionId === undefined ? path : `${path}?versionId=${encodeURIComponent(versionId)}`;
}
