import type { ConformanceEngine } from './conformance-engine.ts';
import { duckdbEngine } from './duckdb-engine.ts';
import { typescriptEngine } from './typescript-engine.ts';

/** Every engine of this package; each vector runs on each of them. */
export const ENGINES: readonly ConformanceEngine[] = [typescriptEngine, duckdbEngine];
