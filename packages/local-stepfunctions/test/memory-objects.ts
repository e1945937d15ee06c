import type { ObjectStore } from '../src/index.ts';

/** Objects by `bucket/key`. */
export interface MemoryObjects extends ObjectStore {
  readonly files: Map<string, Buffer>;
  /** The JSON of an object. */
  json(path: string): unknown;
  /** The JSON of each line of an object. */
  lines(path: string): unknown[];
}

export function memoryObjects(files: Readonly<Record<string, string | Uint8Array>> = {}): MemoryObjects {
  const stored = new Map(Object.entries(files).map(([path, body]) => [path, Buffer.from(body)]));
  const textOf = (path: string) => {
    const body = stored.get(path);
    if (body === undefined) throw new Error(`there is no ${path}, only ${[...stored.keys()].join(', ')}`);
    return body.toString();
  };
  return {
    files: stored,
    json: (path) => JSON.parse(textOf(path)),
    lines: (path) =>
      textOf(path)
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line)),
    async head({ bucket, key }) {
      const body = stored.get(`${bucket}/${key}`);
      return body === undefined ? null : { size: body.length, etag: body.toString('base64') };
    },
    async read({ bucket, key }, options) {
      const body = stored.get(`${bucket}/${key}`);
      if (body === undefined) return null;
      const { start, end } = options?.range ?? { start: 0 };
      return pieces(body.subarray(start, end));
    },
    async *list(bucket, prefix) {
      for (const path of [...stored.keys()].sort()) {
        if (!path.startsWith(`${bucket}/${prefix}`)) continue;
        const size = stored.get(path)?.length ?? 0;
        yield { key: path.slice(bucket.length + 1), size, etag: 'abc', lastModified: new Date(1_500) };
      }
    },
    async put({ bucket, key }, body) {
      const parts: Uint8Array[] = [];
      for await (const part of body) parts.push(part);
      stored.set(`${bucket}/${key}`, Buffer.concat(parts));
    },
  };
}

/** Small, so that what stands between two pieces is tested too. */
async function* pieces(body: Buffer): AsyncGenerator<Uint8Array, void> {
  const size = Math.max(7, Math.ceil(body.length / 100));
  for (let start = 0; start < body.length; start += size) yield body.subarray(start, start + size);
}
