import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** What `jest-totals.js` writes for one workspace. */
interface Totals {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

const resultsOf = (workspace: string): string => join(workspace, 'test-results.json');

const hasTests = (workspace: string): boolean => {
  const { scripts }: { scripts?: { test?: string } } = JSON.parse(
    readFileSync(join(workspace, 'package.json'), 'utf8'),
  );
  return scripts?.test !== undefined;
};

/** Removes the results of earlier runs, so that none is taken for one of this run. */
export function forgetResults(workspaces: readonly string[]): void {
  for (const workspace of workspaces) rmSync(resultsOf(workspace), { force: true });
}

/**
 * Adds up the results that the workspaces (folders) left. A workspace that has a test script but no results did not get
 * as far as its first test: it counts as one failure and is listed in `missing`.
 */
export function addUpResults(workspaces: readonly string[]): Totals & { missing: string[] } {
  let [passed, failed, skipped] = [0, 0, 0];
  const missing: string[] = [];
  for (const workspace of workspaces.filter(hasTests)) {
    if (!existsSync(resultsOf(workspace))) {
      missing.push(workspace);
      failed += 1;
      continue;
    }
    const totals: Totals = JSON.parse(readFileSync(resultsOf(workspace), 'utf8'));
    passed += totals.passed;
    failed += totals.failed;
    skipped += totals.skipped;
  }
  return { passed, failed, skipped, missing };
}
