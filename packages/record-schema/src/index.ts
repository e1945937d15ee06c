export {
  type Dataset,
  type DatasetDefinition,
  type Derived,
  defineDataset,
  expressionTypes,
  hasTable,
  InvalidDataset,
  isNullable,
  MAP_READER_DELIMITERS,
  PARTITIONS,
  type PartitionName,
  type PublishedColumn,
  type QualityCheck,
  type Rule,
  SOURCE_FORMATS,
  type SourceFormat,
  type WorkflowChoice,
} from './dataset.ts';
export type { ValueType } from './expression-types.ts';
export * from './expressions.ts';
export { type Field, type FieldOf, TRIM_SET, trimText } from './field-rules.ts';
export * from './fields.ts';
export {
  DEFAULT_DATE_FORMAT,
  DEFAULT_TIMESTAMP_FORMAT,
  daysInMonth,
  epochDays,
  type MomentFormat,
  parseMomentFormat,
} from './moments.ts';
export { compilePattern, type PatternDialect } from './patterns.ts';
export { type GlueColumn, glueColumns, gluePartitionKeys } from './shapes/glue.ts';
export { markdownDocs } from './shapes/markdown.ts';
export { personalColumns } from './shapes/personal-columns.ts';
export { ROW_TABLE_KEY, rowKeyFault } from './shapes/row-table.ts';
export type { AcceptedRow, InputRow } from './shapes/types.ts';
export { uniqueViewName } from './shapes/unique-view.ts';
export { jsonSchema, zodSchema } from './shapes/zod-schema.ts';
