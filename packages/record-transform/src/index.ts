export { type RowCounts, unaccounted } from './counts.ts';
export { sqlType } from './duckdb/expressions.ts';
export {
  keepObject,
  type ObjectRequest,
  type OpenObject,
  openObject,
  type ReadObject,
} from './duckdb/open-object.ts';
export type { FieldFigures, RowMarks } from './duckdb/read-rows.ts';
export type { EngineLimits, StatementProgress } from './duckdb/session.ts';
export { identifier, literal } from './duckdb/sql.ts';
export { type StagedFile, type StagedObject, type StageRequest, stageObject } from './duckdb/stage-object.ts';
export { valuesToParquet } from './duckdb/values-to-parquet.ts';
export * from './outcome.ts';
