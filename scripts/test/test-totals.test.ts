import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { addUpResults, forgetResults } from '../test-totals.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'test-totals-'));
});
afterEach(() => rmSync(root, { recursive: true }));

function workspace(name: string, scripts: Record<string, string>, results?: object): string {
  const folder = join(root, name);
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name, scripts }));
  if (results) writeFileSync(join(folder, 'test-results.json'), JSON.stringify(results));
  return folder;
}

test('results are added up over workspaces', () => {
  const one = workspace('one', { test: 'jest' }, { passed: 3, failed: 0, skipped: 1 });
  const two = workspace('two', { test: 'jest' }, { passed: 4, failed: 2, skipped: 0 });
  expect(addUpResults([one, two])).toEqual({ passed: 7, failed: 2, skipped: 1, missing: [] });
});

test('a workspace without results counts as a failure and is named', () => {
  const crashed = workspace('crashed', { test: 'jest' });
  const fine = workspace('fine', { test: 'jest' }, { passed: 1, failed: 0, skipped: 0 });
  expect(addUpResults([crashed, fine])).toEqual({ passed: 1, failed: 1, skipped: 0, missing: [crashed] });
});

test('a workspace without a test script has nothing to answer for', () => {
  expect(addUpResults([workspace('untested', { bench: 'node bench.ts' })]).missing).toEqual([]);
});

test('results of an earlier run are not taken for those of this one', () => {
  const stale = workspace('stale', { test: 'jest' }, { passed: 9, failed: 0, skipped: 0 });
  forgetResults([stale]);
  expect(addUpResults([stale]).missing).toEqual([stale]);
});
