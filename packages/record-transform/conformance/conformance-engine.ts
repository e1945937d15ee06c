import type { Dataset } from '@sluice/record-schema';
import type { RefusalCode, RowFate, RunContext } from '../src/index.ts';

export type EngineAnswer =
  | { readonly refused: RefusalCode }
  | { readonly rows: readonly RowFate[]; readonly unknownColumns: readonly string[] };

/** An engine as the conformance suite sees it. A refused object is an answer; anything thrown is a fault. */
export interface ConformanceEngine {
  readonly name: string;
  /** Reads an object as a stream of chunks: then where they end must not matter. */
  readonly streams?: true;
  /** Reads CSV and JSON, but no Parquet. */
  readonly rowsOnly?: true;
  readonly run: (
    dataset: Dataset,
    object: {
      readonly key: string;
      readonly bytes: Uint8Array;
      /** Bytes in a chunk of the stream; null: all in one. */
      readonly chunkSize: number | null;
    },
    context: RunContext,
  ) => Promise<EngineAnswer>;
}
