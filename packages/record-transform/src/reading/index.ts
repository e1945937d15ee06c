/** What it takes to look at an object before it is read: no engine comes with it. */
export { RefusedObject } from '../outcome.ts';
export { type CsvRow, cell } from './csv-row.ts';
export { createCsvTokenizer } from './csv-tokenizer.ts';
export { decompressed } from './decompress.ts';
export { matchHeader } from './header.ts';
export { valueSources } from './json-rows.ts';
export { createJsonSplitter } from './json-splitter.ts';
export { checkContent, formatOfKey, HEAD_BYTES, isPlainCsv } from './object-format.ts';
export { readParquetFooter } from './parquet-footer.ts';
export { createRowReader } from './row-reader.ts';
