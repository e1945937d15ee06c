import { zoneOfFolder } from '@sluice/lake-storage/zones';
import type { Deployment } from './deployment.ts';
import { allow, type Statement } from './policy.ts';
import type { Zones } from './zones.ts';

/** A top folder of the lake; `zoneOfFolder` says in whose bucket it lies. */
export type Folder = keyof typeof zoneOfFolder;

/** A folder of the lake, or of each of its datasets one within it: `incoming/*\/stream`. */
export type Place = Folder | `${Folder}/*/${string}`;

interface FolderAccess {
  /** Read any version of an object, and be told if there is none. */
  readonly read?: readonly Place[];
  readonly write?: readonly Place[];
  readonly delete?: readonly Place[];
  /** See the names, without reading. */
  readonly list?: readonly Place[];
}

/** Says in IAM's words what may be done in which folders of the lake. */
export class LakeFolders {
  readonly #deployment: Deployment;
  readonly #zones: Zones;
  readonly #keyArn: string;

  constructor(deployment: Deployment, zones: Zones, keyArn: string) {
    this.#deployment = deployment;
    this.#zones = zones;
    this.#keyArn = keyArn;
  }

  /** The ARN of every object below a folder. */
  objectsIn(folder: Place): string {
    return `${this.#bucketOf(folder)}/${folder}/*`;
  }

  access({ read = [], write = [], delete: remove = [], list = [] }: FolderAccess): Statement[] {
    const objects = (folders: readonly Place[]) => folders.map((folder) => this.objectsIn(folder));
    const readBuckets = this.#bucketsOf(read);
    const onlyListed = list.filter((folder) => !readBuckets.includes(this.#bucketOf(folder)));
    return [
      allow('ReadObjects', ['s3:GetObject', 's3:GetObjectVersion'], objects(read)),
      // Without it S3 says "denied" where it should say "no such object". It knows no folder here, since a request for
      // an object has no prefix: https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
      allow('TellAbsentObjects', ['s3:ListBucket'], readBuckets),
      allow('ListObjects', ['s3:ListBucket'], this.#bucketsOf(onlyListed), {
        StringLike: { 's3:prefix': onlyListed.map((folder) => `${folder}/*`) },
      }),
      // Large objects go up in parts, and those of a failed upload are taken back.
      allow('WriteObjects', ['s3:PutObject', 's3:AbortMultipartUpload'], objects(write)),
      allow('DeleteObjects', ['s3:DeleteObject'], objects(remove)),
      this.decrypt([...read, ...write]),
      this.encrypt(write),
    ].filter(({ Resource, Condition }) => {
      const contexts = Condition?.StringLike?.[objectContext];
      return Resource.length > 0 && contexts?.length !== 0;
    });
  }

  /** Uploads in parts decrypt what they have encrypted: https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html#mpuAndPermissions */
  decrypt(folders: readonly Place[]): Statement {
    return this.#useOfKey('DecryptObjects', 'kms:Decrypt', folders);
  }

  encrypt(folders: readonly Place[]): Statement {
    return this.#useOfKey('EncryptObjects', 'kms:GenerateDataKey', folders);
  }

  /** For S3 alone, and alone for what lies in these zones. */
  #useOfKey(Sid: string, action: string, folders: readonly Place[]): Statement {
    // With a bucket key it is the bucket, without one the object:
    // https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html#encryption-context
    const contexts = this.#bucketsOf(folders).flatMap((bucket) => [bucket, `${bucket}/*`]);
    return allow(Sid, [action], [this.#keyArn], {
      StringEquals: { 'kms:ViaService': `s3.${this.#deployment.environment.region}.amazonaws.com` },
      StringLike: { [objectContext]: contexts },
    });
  }

  #bucketOf(folder: Place): string {
    return this.#zones[zoneOfFolder[topOf(folder)]].arn;
  }

  #bucketsOf(folders: readonly Place[]): string[] {
    return [...new Set(folders.map((folder) => this.#bucketOf(folder)))];
  }
}

const isFolder = (name: string): name is Folder => Object.hasOwn(zoneOfFolder, name);

const topOf = (place: Place): Folder => {
  const [top = ''] = place.split('/');
  if (!isFolder(top)) throw new Error(`No zone has the folder ${place}.`);
  return top;
};

const objectContext = 'kms:EncryptionContext:aws:s3:arn';
