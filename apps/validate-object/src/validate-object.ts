import { LakeStorageError, type ObjectVersion, type ObjectHead as StoredHead } from '@sluice/lake-storage';
import { parseIncomingKey } from '@sluice/lake-storage/zones';
import type { Dataset } from '@sluice/record-schema';
import { RefusedObject } from '@sluice/record-transform/reading';
import {
  type RunInput,
  refusalOf,
  shortened,
  type ValidateObjectInput,
  type ValidateObjectOutput,
} from '@sluice/step-contracts';
import { judgeColumns, mayBeGzipped, type ReadRange, readObjectHead } from './object-head.ts';

export interface ValidateObjectDeps {
  readonly findDataset: (name: string) => Dataset | undefined;
  readonly headObject: (object: ObjectVersion) => Promise<Pick<StoredHead, 'size' | 'etag'> | null>;
  /** Reads the very object that was looked at; throws if it has been replaced meanwhile. */
  readonly readObject: (object: ObjectVersion, etag: string) => ReadRange;
}

// The document of a state machine holds 256 KiB, and a header may be longer.
const MAX_COLUMNS = 100;
const MAX_COLUMN_NAME = 128;

/** Says whether an object can be taken. Never throws for a bad object. */
export const validateObject = async (
  run: ValidateObjectInput,
  deps: ValidateObjectDeps,
): Promise<ValidateObjectOutput> => {
  const dataset = deps.findDataset(run.dataset);
  if (!dataset) return refuse('unknown_dataset', `there is no dataset ${run.dataset}`);
  const { etag, size: _size, ...version } = run.object;
  const badName = nameProblem(run);
  if (badName) return refuse('bad_name', badName);

  const head = await deps.headObject(version);
  if (!head) return refuse('no_such_object', 'the object was gone before its run began');
  if (head.etag !== etag) return replaced;
  if (head.size === 0) return refuse('empty_object', 'the object is empty: it has no bytes');
  try {
    const object = { key: version.key, size: head.size };
    const readRange = deps.readObject(version, etag);
    const { format, columns } = await readObjectHead(dataset, object, readRange);
    const { headerKnown, unknownColumns } = judgeColumns(dataset, columns);
    return {
      valid: true,
      format,
      headerKnown,
      unknownColumns: unknownColumns.slice(0, MAX_COLUMNS).map((name) => shortened(name, MAX_COLUMN_NAME)),
      ...(run.workflow === 'csv-map' && (await mayBeGzipped(version.key, readRange)) && { gzipped: true }),
    };
  } catch (error) {
    if (error instanceof RefusedObject) return refuse(error.code, error.message);
    if (error instanceof LakeStorageError && error.code === 'changed') return replaced;
    throw error;
  }
};

const nameProblem = ({ dataset, object }: RunInput): string | null => {
  const incoming = parseIncomingKey(object.key);
  if (incoming?.dataset !== dataset) return `the key does not lie below incoming/${dataset}/`;
  // They break listings, logs and shells, and no one means them.
  if (/\p{Cc}/u.test(object.key)) return 'the key has control characters in it';
  return null;
};

const refuse = (code: string, message: string): ValidateObjectOutput => ({
  valid: false,
  ...refusalOf(code, message),
});

const replaced = refuse(
  'object_replaced',
  'the object was replaced before its run began; its successor has a run of its own',
);
