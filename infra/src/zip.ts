import { type Zippable, zipSync } from 'fflate';

export interface PackedFile {
  /** Within the archive, with `/`. */
  readonly path: string;
  readonly content: Uint8Array;
}

// Zip knows no time zone: fflate writes what the local clock shows, and this Date shows the same noon in every zone.
const timestamp = new Date(1980, 0, 1, 12);
// A regular file that everybody may read, as Lambda wants it, whatever this machine's umask is. The upper half is Unix's.
const regularFile = (0o100644 << 16) >>> 0;
const unix = 3;

/**
 * The same files in the same order give the same bytes on any machine. fflate's deflate is JavaScript: Node's own gives
 * other bytes in other versions, and on other processors.
 */
export const zipOf = (files: readonly PackedFile[]): Uint8Array => {
  const entries: Zippable = {};
  for (const { path, content } of files) entries[path] = content;
  return zipSync(entries, { level: 6, mtime: timestamp, os: unix, attrs: regularFile });
};
