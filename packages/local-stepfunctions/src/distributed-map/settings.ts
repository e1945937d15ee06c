import type { Json } from '../json.ts';

/** What a Distributed Map's fields came to for one input. */
export interface MapRunSettings {
  /** 0 for as many as there may be. */
  readonly maxConcurrency: number;
  readonly toleratedFailureCount: number | undefined;
  /** From 0 to 100. */
  readonly toleratedFailurePercentage: number | undefined;
  /** Undefined without an ItemReader; 0 for all. A negative one fails the Map Run. */
  readonly maxItems: number | undefined;
  readonly batch: BatchSettings | undefined;
  readonly reader: ReaderParameters | undefined;
  readonly writer: WriterParameters | undefined;
}

export interface BatchSettings {
  readonly maxItems: number | undefined;
  readonly maxInputBytes: number | undefined;
  readonly batchInput: Json | undefined;
}

/** Of an ItemReader; what it needs and lacks fails the Map Run. */
export interface ReaderParameters {
  readonly bucket: string | undefined;
  readonly key: string | undefined;
  readonly versionId: string | undefined;
  readonly prefix: string | undefined;
}

export interface WriterParameters {
  readonly bucket: string | undefined;
  readonly prefix: string | undefined;
}
