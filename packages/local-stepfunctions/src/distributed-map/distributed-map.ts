import type { Query } from '../jsonata/query.ts';
import type { NumberField } from '../number-field.ts';
import type { Expression } from '../payload-template.ts';

/** What a Map has on top of an inline one when its processor runs as child executions. */
export interface DistributedMap {
  readonly executionType: ExecutionType;
  /** The part of the Map Run's ARN that names the state. */
  readonly label: string;
  readonly reader: ItemReader | undefined;
  readonly batcher: ItemBatcher | undefined;
  readonly toleratedFailureCount: NumberField;
  /** From 0 to 100, fractions allowed. */
  readonly toleratedFailurePercentage: NumberField;
  readonly writer: ResultWriter;
}

/** A template of a JSONPath state, or the value of a JSONata state with its expressions. */
export type TemplateField = Expression | Query;

export type ExecutionType = 'STANDARD' | 'EXPRESS';

export interface ItemReader {
  readonly source: ItemSource;
  /** Bucket with Key and VersionId, or with Prefix. */
  readonly parameters: TemplateField;
  readonly maxItems: NumberField;
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
  readonly maxItems: NumberField;
  readonly maxInputBytes: NumberField;
  readonly batchInput: TemplateField | undefined;
}

export interface ResultWriter {
  /** Bucket and Prefix; undefined if the results are the state's output. */
  readonly parameters: TemplateField | undefined;
  readonly outputType: 'JSON' | 'JSONL';
  readonly transformation: 'NONE' | 'COMPACT' | 'FLATTEN';
}
