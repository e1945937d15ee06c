import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe } from '@jest/globals';
import { diskStore } from '../src/disk.ts';
import { objectStoreContract } from './contract.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lake-disk-'));
});
afterAll(() => rm(folder, { recursive: true }));

let lakes = 0;

describe('the disk store', () => {
  objectStoreContract(async () => {
    lakes += 1;
    return { store: diskStore(join(folder, `lake-${lakes}`)), bucket: 'test-bucket' };
  });
});
