import { describe, expect, test } from '@jest/globals';
import { pythonMissing, systemPython } from '@sluice/scripts/python-env';
import { runSchemathesis } from './schemathesis/run-schemathesis.ts';

const hasPython = systemPython() !== null;
if (!hasPython && process.env.CI === 'true') throw new Error(pythonMissing);
if (!hasPython) process.stderr.write(`SKIPPED: schemathesis. ${pythonMissing}\n`);

(hasPython ? describe : describe.skip)('schemathesis, by the OpenAPI', () => {
  test('finds nothing, and gets as far as the stream', async () => {
    const { found, report, statuses } = await runSchemathesis({ examples: 15, seed: 1 });
    // A mere comparison would not show what was found.
    if (found) throw new Error(report);
    for (const status of [200, 202, 207, 400, 405, 422])
      expect([status, statuses.get(status) ?? 0]).not.toEqual([status, 0]);
  }, 300_000);
});
