import { afterAll, beforeAll, describe } from '@jest/globals';
import { pythonMissing, systemPython } from '@sluice/scripts/python-env';
import { type MiniStack, type MiniStackOptions, startMiniStack } from './ministack.ts';

// The first run downloads the Python tools.
const startTimeoutMs = 300_000;

/**
 * A `describe` with a MiniStack of its own; call the given function inside tests and hooks.
 * Without Python the tests are skipped, loudly; in CI (`CI=true`) they fail.
 */
export function describeWithMiniStack(
  name: string,
  tests: (miniStack: () => MiniStack) => void,
  options: MiniStackOptions = {},
): void {
  const hasPython = systemPython() !== null;
  if (!hasPython && process.env.CI === 'true') throw new Error(pythonMissing);
  if (!hasPython) process.stderr.write(`SKIPPED: ${name}. ${pythonMissing}\n`);
  (hasPython ? describe : describe.skip)(name, () => {
    let running: MiniStack | undefined;
    beforeAll(async () => {
      running = await startMiniStack(options);
    }, startTimeoutMs);
    afterAll(async () => {
      await running?.stop();
    });
    tests(() => {
      if (!running) throw new Error('MiniStack runs only inside tests and hooks.');
      return running;
    });
  });
}
