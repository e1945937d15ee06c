import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A Jest reporter that leaves a suite's totals in `test-results.json`, which turbo caches and `npm test` adds up. */
export default class TotalsReporter {
  #rootDir;

  constructor(globalConfig) {
    this.#rootDir = globalConfig.rootDir;
  }

  onRunComplete(_contexts, results) {
    const totals = {
      passed: results.numPassedTests,
      // A file that does not even load runs no test; it counts as one failure, not as nothing.
      failed: results.numFailedTests + results.numRuntimeErrorTestSuites,
      skipped: results.numPendingTests + results.numTodoTests,
    };
    writeFileSync(join(this.#rootDir, 'test-results.json'), `${JSON.stringify(totals)}\n`);
  }
}
