import { describe } from '@jest/globals';
import { memoryStore } from '../src/memory.ts';
import { objectStoreContract } from './contract.ts';

describe('the memory store', () => {
  objectStoreContract(async () => ({ store: memoryStore(), bucket: 'test-bucket' }));
});
