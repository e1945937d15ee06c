import { execFile, spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { readElf } from './elf.ts';

const readelf = 'readelf';
const hasReadelf = spawnSync(readelf, ['--version']).status === 0;
const libraries = ['x64', 'arm64'].flatMap((architecture) => {
  const manifest = createRequire(import.meta.url).resolve(
    `@duckdb/node-bindings-linux-${architecture}/package.json`,
  );
  return ['duckdb.node', 'libduckdb.so'].map((name) => join(dirname(manifest), name));
});

test('what is no ELF file is refused', () => {
  expect(() => readElf(Buffer.from('#!/bin/sh\n'))).toThrow('no 64-bit little-endian ELF file');
});

(hasReadelf ? describe : describe.skip)('readelf of binutils agrees', () => {
  test.each(libraries)('about %s', async (library) => {
    const { stdout } = await promisify(execFile)(readelf, ['--wide', '--version-info', library], {
      maxBuffer: 1 << 28,
    });
    const [, needs = ''] = stdout.split('Version needs section');
    const expected = [...needs.matchAll(/Name: (\S+)/g)].map(([, version]) => version);
    expect(expected).not.toEqual([]);
    expect(readElf(await readFile(library)).needs.map(({ version }) => version)).toEqual(expected);
  });
});
