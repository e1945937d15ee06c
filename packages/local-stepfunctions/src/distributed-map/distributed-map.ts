import type { Expression } from '../payload-template.ts';
import type { NumberOrPath } from '../state-machine.ts';

/** What a Map has on top of an inline one when its processor runs as child executions. */
export interface DistributedMap {
  readonly executionType: ExecutionType;
  /** The part of the Map Run's ARN that names the state. */
  readonly label: string;
  readonly reader: ItemReader | undefined;
  readonly batcher: ItemBatcher | undefined;
  readonly toleratedFailureCount: NumberOrPath;
  /** From 0 to 100, fractions allowed. */
  readonly toleratedFailurePercentage: NumberOrPath;
  readonly writer: ResultWriter;
}

export type ExecutionType = 'STANDARD' | 'EXPRESS';

export interface ItemReader {
  readonly source: ItemSource;
  /** Bucket with Key and VersionId, or with Prefix. */
  readonly parameters: Expression;
  readonly maxItems: NumberOrPath;
}

export type ItemSource =
  | { readonly kind: 'object'; readonly format: FileFormat }
  /** An object that names the objects with the items. */
  | { readonly kind: 'athena-manifest'; readonly format: FileFormat }
  | { readonly kind: 's3-inventory' }
  /** The list entries themselves, or what stands in the objects that they name. */
  | { readonly kind: 'list'; readonly flatten: FileFormat | undefined };

export type FileFormat =
  | CsvFormat
  | { readonly type: 'JSON'; readonly pointer: readonly string[] }
  | { readonly type: 'JSONL' }
  | { readonly type: 'PARQUET' };

export interface CsvFormat {
  readonly type: 'CSV';
  readonly delimiter: string;
  /** Undefined if they stand in the first row. */
  readonly headers: readonly string[] | undefined;
}

export interface ItemBatcher {
  readonly maxItems: NumberOrPath;
  readonly maxInputBytes: NumberOrPath;
  readonly batchInput: Expression | undefined;
}

export interface ResultWriter {
  /** Bucket and Prefix; undefined if the results are the state's output. */
  readonly parameters: Expression | undefined;
  readonly outputType: 'JSON' | 'JSONL';
  readonly transformation: 'NONE' | 'COMPACT' | 'FLATTEN';
}
