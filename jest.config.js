import { fileURLToPath } from 'node:url';

// Suites of many minutes say so in their names. CI runs them, and whoever asks: `SLUICE_TESTS=all npm test`.
const tooLong = process.env.SLUICE_TESTS === 'all' ? [] : ['\\.long\\.test\\.ts$'];

// One configuration for every workspace; each runs `jest` from its own folder with --rootDir.
export default {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '\\.ts$': [
      '@swc/jest',
      { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' }, module: { type: 'es6' } },
    ],
  },
  // Many tests start processes, on machines with two busy cores.
  testTimeout: 30_000,
  testMatch: ['<rootDir>/{src,test}/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/', ...tooLong],
  reporters: ['default', fileURLToPath(new URL('scripts/jest-totals.js', import.meta.url))],
};
