import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { build } from 'esbuild';
import { diskStore } from '../src/disk.ts';
import { diskFailpoints } from '../src/disk-write.ts';
import { withoutFailpoints } from '../src/failpoint-define.ts';
import { keysOf, text, textOf } from './contract.ts';

const bucket = 'test-bucket';
const actor = fileURLToPath(new URL('disk-actor.ts', import.meta.url));

let root = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'lake-crash-'));
});
afterEach(() => rm(root, { recursive: true }));

/** Runs one operation in a process of its own that dies at the failpoint. */
function actAndDie(operation: string, failpoint: string): void {
  const { signal, stderr } = spawnSync(process.execPath, [actor, operation, root], {
    env: { ...process.env, NODE_OPTIONS: '', SLUICE_FAILPOINT: failpoint },
    encoding: 'utf8',
  });
  expect({ signal, stderr }).toMatchObject({ signal: 'SIGKILL' });
}

const writing = diskFailpoints.filter((name) => !name.endsWith('-delete'));
const deleting = diskFailpoints.filter((name) => name.endsWith('-delete'));

describe('a process killed in the middle', () => {
  test.each(writing)('of a put, at %s, leaves the old object or the new one, and no litter', async (name) => {
    await diskStore(root).put({ bucket, key: 'folder/object' }, text('old'));
    actAndDie('put', name);

    const reopened = diskStore(root);
    expect(await textOf(reopened, bucket, 'folder/object')).toBe(
      name === 'disk:after-rename' ? 'new,whole' : 'old',
    );
    expect(await keysOf(reopened, bucket)).toEqual(['folder/object']);
    await reopened.put({ bucket, key: 'folder/object' }, text('again'));
    expect(await textOf(reopened, bucket, 'folder/object')).toBe('again');
    expect(await readdir(join(root, '.sluice/tmp'))).toEqual([]);
  });

  test.each(writing)('of a creation, at %s, leaves nothing or the whole object', async (name) => {
    actAndDie('create', name);
    const reopened = diskStore(root);
    const created = name === 'disk:after-rename';
    expect(await keysOf(reopened, bucket)).toEqual(created ? ['folder/object'] : []);
    const again = await reopened.put({ bucket, key: 'folder/object' }, text('again'), { ifNoneMatch: '*' });
    expect(again.outcome).toBe(created ? 'exists' : 'stored');
    expect(await readdir(join(root, '.sluice/tmp'))).toEqual([]);
  });

  test.each(writing)('of a copy, at %s, leaves the source as it was', async (name) => {
    await diskStore(root).put({ bucket, key: 'source' }, text('source'));
    actAndDie('copy', name);
    const reopened = diskStore(root);
    expect(await textOf(reopened, bucket, 'source')).toBe('source');
    expect(await textOf(reopened, bucket, 'folder/copy')).toBe(
      name === 'disk:after-rename' ? 'source' : null,
    );
  });

  test('of a delete leaves folders that go with the next delete beside them', async () => {
    await diskStore(root).put({ bucket, key: 'folder/object' }, text('old'));
    actAndDie('delete', 'disk:after-delete');
    expect(await readdir(join(root, bucket))).toEqual(['folder']);
    await mkdir(join(root, bucket, 'folder/deeper/still'), { recursive: true });
    await diskStore(root).delete({ bucket, key: 'folder/report' });
    expect(await readdir(join(root, bucket))).toEqual([]);
    await diskStore(root).put({ bucket, key: 'file' }, text('no folder'));
    await diskStore(root).delete({ bucket, key: 'file/in it' });
    await diskStore(root).delete({ bucket, key: 'file' });
    await mkdir(join(root, bucket, 'made by hand'));
    await diskStore(root).delete({ bucket, key: 'report' });
    expect(await readdir(join(root, bucket))).toEqual(['made by hand']);
  });

  test.each(deleting)(
    'of a delete, at %s, leaves the object or not, and a key that can be used',
    async (name) => {
      const at = { bucket, key: 'folder/object' };
      await diskStore(root).put(at, text('old'));
      actAndDie('delete', name);
      const reopened = diskStore(root);
      expect(await textOf(reopened, bucket, at.key)).toBe(name === 'disk:before-delete' ? 'old' : null);
      await reopened.delete(at);
      await reopened.put({ bucket, key: 'folder' }, text('file now'));
      expect(await keysOf(reopened, bucket)).toEqual(['folder']);
    },
  );

  test('while it holds a lock does not keep the others waiting', async () => {
    const stored = await diskStore(root).put({ bucket, key: 'folder/object' }, text('old'));
    actAndDie('replace', 'disk:before-rename');
    const etag = stored.outcome === 'stored' ? stored.etag : '';
    const result = await diskStore(root).put({ bucket, key: 'folder/object' }, text('next'), {
      ifMatch: etag,
    });
    expect(result.outcome).toBe('stored');
    expect(await readdir(join(root, '.sluice/tmp'))).toEqual([]);
    expect(await readdir(join(root, '.sluice/locks'))).toEqual([]);
  });

  test('at the second hit of a point has done the first', async () => {
    actAndDie('put', 'disk:half-written:2');
    expect(await keysOf(diskStore(root), bucket)).toEqual([]);
  });
});

describe('a bundle', () => {
  const bundle = async (define: Record<string, string>): Promise<string> => {
    const { outputFiles } = await build({
      entryPoints: [fileURLToPath(new URL('../src/failpoint.ts', import.meta.url))],
      bundle: true,
      format: 'esm',
      platform: 'node',
      write: false,
      define,
    });
    return outputFiles[0]?.text ?? '';
  };

  test('for deployment holds no failpoint', async () => {
    const deployed = await bundle(withoutFailpoints);
    expect(deployed).not.toContain('SLUICE_FAILPOINT');
    expect(deployed).not.toContain('SIGKILL');
  });

  test('without the definition would hold one', async () => {
    expect(await bundle({})).toContain('SLUICE_FAILPOINT');
  });
});
