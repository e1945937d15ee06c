/** Rows that another reader has cut into batches: their fates, and what holds them against the object they came from. */
export { FIELDS_PER_WORD, WORDS_PER_GROUP } from '../typescript/compile-row.ts';
export { auditObject } from './audit-object.ts';
export {
  type BatchOfRows,
  createBatchJudge,
  failedBatch,
  type JudgeBatch,
} from './judge-batch.ts';
export {
  BrokenPart,
  decodePart,
  encodePart,
  FATE,
  fatesOf,
  originOf,
  publishedValues,
  type StoredPart,
} from './part.ts';
export { HASH_BYTES } from './row-hash.ts';
