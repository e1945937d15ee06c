export { type RowCounts, unaccounted } from './counts.ts';
export { sqlType } from './duckdb/expressions.ts';
export { type FieldFigures, markRows, type RowMarks, writeMarks } from './duckdb/mark-rows.ts';
export { openSource } from './duckdb/open-source.ts';
export { type EngineLimits, type StatementProgress, withSession } from './duckdb/session.ts';
export type { Source } from './duckdb/source.ts';
export { identifier, literal } from './duckdb/sql.ts';
export { type StagedFile, type StagedObject, type StageRequest, stageObject } from './duckdb/stage-object.ts';
export * from './outcome.ts';
