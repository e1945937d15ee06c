import type { ObjectStore } from '@sluice/lake-storage';
import { readParquetFooter } from '@sluice/record-transform/reading';
import type { CountParquetRows } from './staged-rows.ts';

/** Counts a Parquet file's rows by its footer, which says how many really were written. */
export const parquetRowCounter =
  (objects: Pick<ObjectStore, 'read'>): CountParquetRows =>
  async ({ bucket, key, size }) => {
    const { rows } = await readParquetFooter(size, async (start, end) => {
      const chunks: Uint8Array[] = [];
      for await (const chunk of (await objects.read({ bucket, key }, { range: { start, end } })) ?? [])
        chunks.push(chunk);
      return Buffer.concat(chunks);
    });
    return rows;
  };
