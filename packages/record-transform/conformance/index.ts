export { arbitraryRows } from './arbitrary-cells.ts';
export { arbitraryDataset, type GeneratedDataset } from './arbitrary-datasets.ts';
export type { ConformanceEngine, EngineAnswer } from './conformance-engine.ts';
export { ENGINES } from './engines.ts';
export { differencesOf } from './fates.ts';
export { type Rendering, renderCsv, renderingsOf, renderJson } from './rendering.ts';
export { readClauses, readVectors, type Vector } from './vectors.ts';
