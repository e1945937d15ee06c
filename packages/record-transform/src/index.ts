export { type RowCounts, unaccounted } from './counts.ts';
export { duplicatesStatements } from './duckdb/duplicates.ts';
export { columnsOf, type Fault, type FieldSql } from './duckdb/fields.ts';
export { compileDataset, type DatasetSql, ROW_NUMBER } from './duckdb/rows.ts';
export { type EngineLimits, type Session, type StatementProgress, withSession } from './duckdb/session.ts';
export { openSource, type Source, type SourceRequest } from './duckdb/source.ts';
export { identifier, literal } from './duckdb/sql.ts';
export { type StagedFile, type StagedObject, type StageRequest, stageObject } from './duckdb/stage-object.ts';
export * from './outcome.ts';
