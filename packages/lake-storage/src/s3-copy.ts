import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  type S3Client,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import type { ObjectAddress, ObjectHead, ObjectVersion, StoredObject } from './object-store.ts';

// CopyObject and each of the 10,000 parts of a larger copy take up to 5 GiB: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
const maxCopyBytes = 5 * 1024 ** 3;
/** Copies within S3 what `head` described; the source must not change meanwhile. */
export async function copyWithin(
  client: S3Client,
  from: ObjectVersion,
  to: ObjectAddress,
  source: ObjectHead,
): Promise<StoredObject> {
  if (source.size > maxCopyBytes) return copyInParts(client, from, to, source, maxCopyBytes);
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

/** For large objects. Unlike CopyObject it does not keep the content type. */
export async function copyInParts(
  client: S3Client,
  from: ObjectVersion,
  to: ObjectAddress,
  source: ObjectHead,
  partBytes: number,
): Promise<StoredObject> {
  const target = { Bucket: to.bucket, Key: to.key };
  const { UploadId } = await client.send(new CreateMultipartUploadCommand(target));
  try {
    const Parts: CompletedPart[] = [];
    for (let start = 0; start < source.size; start += partBytes) {
      const PartNumber = Parts.length + 1;
      const end = Math.min(start + partBytes, source.size);
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
      Parts.push({ PartNumber, ETag: CopyPartResult?.ETag });
    }
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
