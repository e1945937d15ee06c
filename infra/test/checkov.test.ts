import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { pythonEnvironment, pythonMissing, systemPython } from '@sluice/scripts/python-env';
import { environments } from '../src/environments/index.ts';
import { synthesize } from '../src/synth.ts';
import { type Exception, exceptions } from './checkov-exceptions.ts';
import { everythingOn } from './everything-on.ts';

interface Finding {
  readonly check_id: string;
  readonly check_name: string;
  readonly resource: string;
  readonly file_path: string;
}

interface Report {
  readonly summary: { readonly passed: number; readonly parsing_errors: number };
  readonly results: { readonly failed_checks: readonly Finding[] };
}

const folder = mkdtempSync(join(tmpdir(), 'checkov-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function checkov(): Promise<Report> {
  const python = await pythonEnvironment('requirements-checkov.txt');
  const args = ['-m', 'checkov.main', '--framework', 'terraform_json', '--skip-download', '--output', 'json'];
  const { stdout, stderr } = await new Promise<{ stdout: string; stderr: string }>((resolve) => {
    // It exits with 1 if it finds anything, accepted or not.
    execFile(python, [...args, '--directory', folder], { maxBuffer: 2 ** 28 }, (_, out, error) =>
      resolve({ stdout: out, stderr: error }),
    );
  });
  if (!stdout.startsWith('{')) throw new Error(stderr.slice(-2000));
  return JSON.parse(stdout);
}

const hasPython = systemPython() !== null;
if (!hasPython && process.env.CI === 'true') throw new Error(pythonMissing);
if (!hasPython) process.stderr.write(`SKIPPED: checkov. ${pythonMissing}\n`);

(hasPython ? describe : describe.skip)('checkov, over the stacks of all environments', () => {
  let report: Report;
  beforeAll(async () => {
    for (const environment of environments) synthesize(join(folder, environment.name), [environment]);
    synthesize(join(folder, 'everything-on'), [everythingOn]);
    report = await checkov();
  }, 300_000);

  const isAbout = ({ check, resources, stacks }: Exception, finding: Finding): boolean => {
    // `/dev/stacks/state-dev/cdk.tf.json`
    const [, stack = ''] = finding.file_path.split('/');
    return (
      check === finding.check_id &&
      resources.test(finding.resource) &&
      (stacks === undefined || stacks.includes(stack))
    );
  };

  test('understands every stack', () => {
    expect(report.summary.parsing_errors).toBe(0);
    expect(report.summary.passed).toBeGreaterThan(500);
  });

  test('finds nothing that is not explained', () => {
    const unexplained = report.results.failed_checks
      .filter((finding) => !exceptions.some((exception) => isAbout(exception, finding)))
      .map((one) => `${one.file_path} ${one.resource}: ${one.check_id} ${one.check_name}`);
    expect(unexplained).toEqual([]);
  });

  test('still finds what is explained', () => {
    const stale = exceptions.filter(
      (exception) => !report.results.failed_checks.some((finding) => isAbout(exception, finding)),
    );
    expect(stale).toEqual([]);
  });
});
