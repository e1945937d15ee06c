import { spawnSync } from 'node:child_process';
import { relative } from 'node:path';
import { machineTools } from './machine-tools.ts';
import { pythonEnvironment } from './python-env.ts';
import { addUpResults, forgetResults } from './test-totals.ts';

// What `npm test` does once everything is installed: every workspace's tests through turbo, and one line that adds them
// up. In CI a tool that the machine lacks is a failure; elsewhere its tests are skipped.

const inCI = process.env.CI === 'true';

function workspaceFolders(): string[] {
  const { stdout } = spawnSync('pnpm', ['list', '--recursive', '--depth', '-1', '--json'], {
    encoding: 'utf8',
  });
  const workspaces: { path: string }[] = JSON.parse(stdout);
  return workspaces.map(({ path }) => path).filter((path) => path !== process.cwd());
}

const missingTools = machineTools.filter((tool) => tool.find() === null);
for (const tool of missingTools) {
  process.stderr.write(`${inCI ? 'FAILED' : 'SKIPPED: tests that need it'}. ${tool.missing}\n`);
}
// Once, before suites that run side by side each start to make it.
if (!missingTools.some((tool) => tool.name === 'python')) {
  await pythonEnvironment().catch((error: Error) => process.stderr.write(`${error.message}\n`));
}

const workspaces = workspaceFolders();
forgetResults(workspaces);
const { status } = spawnSync('turbo', ['test', '--continue', '--concurrency=100%'], {
  stdio: 'inherit',
  env: {
    ...process.env,
    TURBO_TELEMETRY_DISABLED: '1',
    // Which tests are skipped depends on it, so turbo must not answer with results from before a tool was installed.
    SLUICE_MISSING_TOOLS: missingTools.map((tool) => tool.name).join(),
  },
});

const { passed, failed, skipped, missing } = addUpResults(workspaces);
for (const workspace of missing) {
  process.stderr.write(`FAILED: ${relative('.', workspace)} left no test results.\n`);
}
const ok = status === 0 && failed === 0 && !(inCI && missingTools.length > 0);
process.exitCode = ok ? 0 : 1;
process.stdout.write(`tests: ${passed} passed, ${failed} failed, ${skipped} skipped\n`);
