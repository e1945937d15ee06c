import { lstat, readdir, realpath } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { compareUtf8 } from './check-address.ts';
import { leadsOut } from './disk-error.ts';
import { isAbsent, keyOfOddPath, oddFolder } from './disk-paths.ts';

export interface ListedPath {
  readonly key: string;
  readonly path: string;
}

/** Every object below the bucket whose key starts with the prefix, by the UTF-8 bytes of the keys. */
export async function* listPaths(root: string, bucket: string, prefix: string): AsyncGenerator<ListedPath> {
  const odd = await listOdd(root, bucket, prefix);
  let next = 0;
  for await (const plain of listPlain(join(root, bucket), '', prefix)) {
    for (let entry = odd[next]; entry && compareUtf8(entry.key, plain.key) <= 0; entry = odd[++next])
      yield entry;
    if (odd[next - 1]?.key !== plain.key) yield plain;
  }
  yield* odd.slice(next);
}

/** Links are not followed, and neither they nor sockets and the like are objects. */
async function* listPlain(folder: string, folderKey: string, prefix: string): AsyncGenerator<ListedPath> {
  const names: { name: string; sortKey: string; isFolder: boolean }[] = [];
  for (const entry of await entriesOf(folder)) {
    if (!entry.isDirectory() && !entry.isFile()) continue;
    const isFolder = entry.isDirectory();
    // A folder sorts as its keys do: with the slash that follows its name in each of them.
    names.push({ name: entry.name, sortKey: isFolder ? `${entry.name}/` : entry.name, isFolder });
  }
  names.sort((a, b) => compareUtf8(a.sortKey, b.sortKey));
  for (const { name, sortKey, isFolder } of names) {
    const key = folderKey + sortKey;
    const path = join(folder, name);
    if (isFolder && (key.startsWith(prefix) || prefix.startsWith(key))) yield* listPlain(path, key, prefix);
    else if (!isFolder && key.startsWith(prefix)) yield { key, path };
  }
}

/** Few by nature, so they are sorted in memory. */
async function listOdd(root: string, bucket: string, prefix: string): Promise<ListedPath[]> {
  const top = oddFolder(root, bucket);
  const found: ListedPath[] = [];
  for await (const { path } of listPlain(top, '', '')) {
    const key = keyOfOddPath(relative(top, path));
    if (key.startsWith(prefix)) found.push({ key, path });
  }
  return found.sort((a, b) => compareUtf8(a.key, b.key));
}

async function entriesOf(folder: string) {
  try {
    if ((await lstat(folder)).isSymbolicLink() || (await realpath(folder)) !== folder) throw leadsOut(folder);
    return await readdir(folder, { withFileTypes: true });
  } catch (cause) {
    // Not there yet, or removed while the list was being read.
    if (isAbsent(cause)) return [];
    throw cause;
  }
}
