import { createWriteStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { openBytes } from '../reading/decompress.ts';
import { checkContent, formatOfKey, HEAD_BYTES } from '../reading/object-format.ts';
import { csvSource } from './csv-source.ts';
import { jsonSource } from './json-source.ts';
import { parquetSource } from './parquet-source.ts';
import type { Session } from './session.ts';
import type { Source, SourceRequest } from './source.ts';

const readHead = async (path: string): Promise<{ readonly head: Uint8Array; readonly isGzip: boolean }> => {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    const isGzip = buffer[0] === 0x1f && buffer[1] === 0x8b;
    return { head: buffer.subarray(0, bytesRead), isGzip };
  } finally {
    await file.close();
  }
};

const unzippedHead = async (path: string): Promise<Uint8Array> => {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of openBytes(path)) {
    pieces.push(Uint8Array.from(chunk));
    length += chunk.length;
    if (length >= HEAD_BYTES) break;
  }
  return Buffer.concat(pieces);
};

/**
 * Opens an object for DuckDB. CSV that DuckDB reads exactly as the semantics want it is left where it is; everything
 * else goes through a copy in the scratch folder.
 *
 * @throws {RefusedObject} if the object cannot be taken as a whole
 */
export const openSource = async (session: Session, request: SourceRequest): Promise<Source> => {
  const format = formatOfKey(request.dataset, request.key);
  const { head, isGzip } = await readHead(request.path);
  checkContent(format, isGzip ? await unzippedHead(request.path) : head);
  switch (format) {
    case 'csv':
      return csvSource(request, isGzip);
    case 'json':
      return jsonSource(request);
    case 'parquet': {
      if (!isGzip) return parquetSource(session, request, request.path);
      const unzipped = join(request.scratchDir, 'unzipped.parquet');
      await pipeline(openBytes(request.path), createWriteStream(unzipped));
      return parquetSource(session, request, unzipped);
    }
  }
};
