/** What it takes to look at an object before it is read: no engine comes with it. */
export { RefusedObject } from '../outcome.ts';
export { type CsvRow, cell } from './csv-row.ts';
export { createCsvTokenizer } from './csv-tokenizer.ts';
export { decompressed } from './decompress.ts';
export { matchHeader } from './header.ts';
export { jsonMembers, valueSources } from './json-members.ts';
export { createRecordCheck, objectIn, parseJson, type RecordFault } from './json-record.ts';
export { createJsonSplitter } from './json-splitter.ts';
export { checkContent, formatOfKey, HEAD_BYTES, isPlainCsv } from './object-format.ts';
export { readParquetFooter } from './parquet-footer.ts';
export { MAX_RAW_BYTES, MAX_ROW_BYTES } from './row-limits.ts';
export { createRowReader } from './row-reader.ts';
