import { RefusedObject, type RowFate } from '../src/index.ts';
import { transformRows } from '../src/typescript/transform-rows.ts';
import type { ConformanceEngine } from './conformance-engine.ts';

async function* chunksOf(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let from = 0; from < bytes.length; from += size) yield bytes.subarray(from, from + size);
}

export const typescriptEngine: ConformanceEngine = {
  name: 'TypeScript',
  streams: true,
  rowsOnly: true,
  run: async (dataset, { key, bytes, chunkSize }, context) => {
    const rows: RowFate[] = [];
    const chunks = chunksOf(bytes, chunkSize ?? Math.max(bytes.length, 1));
    const transformed = transformRows(dataset, { key, chunks }, context);
    try {
      for (;;) {
        const next = await transformed.next();
        if (next.done) return { rows, unknownColumns: next.value.unknownColumns };
        rows.push(next.value.outcome);
      }
    } catch (error) {
      if (error instanceof RefusedObject) return { refused: error.code };
      throw error;
    }
  },
};
