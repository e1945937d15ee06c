export { arbitraryRows } from './arbitrary-cells.ts';
export { arbitraryDataset, type GeneratedDataset, withSerial } from './arbitrary-datasets.ts';
export type { ConformanceEngine, EngineAnswer } from './conformance-engine.ts';
export { ENGINES } from './engines.ts';
export { differencesInStage, differencesOf, type StagedAnswer } from './fates.ts';
export { parquetColumns, readPublished } from './published-rows.ts';
export { type Rendering, renderCsv, renderingsOf, renderJson } from './rendering.ts';
export { sideBySide, type VectorsSideBySide } from './side-by-side.ts';
export { readClauses, readVectors, type Vector } from './vectors.ts';
