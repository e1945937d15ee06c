import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { findTerraform, terraformMissing } from '@sluice/scripts/machine-tools';
import { withTerraform } from '../src/deploy/terraform.ts';
import { environments } from '../src/environments/index.ts';
import { at, resources } from '../src/stack-json.ts';
import { synthesize } from '../src/synth.ts';
import { everythingOn } from './everything-on.ts';
import { stackOf } from './synthesized.ts';

const hasTerraform = findTerraform() !== null;
if (!hasTerraform && process.env.CI === 'true') throw new Error(terraformMissing);
if (!hasTerraform) process.stderr.write(`SKIPPED: terraform validate. ${terraformMissing}\n`);

const folder = mkdtempSync(join(tmpdir(), 'sluice-validate-'));
afterAll(() => rmSync(folder, { recursive: true }));

const stacks = [
  ...environments.map((environment) => ({ name: environment.name, environment })),
  { name: 'everything on', environment: everythingOn },
];

(hasTerraform ? describe : describe.skip)('Terraform, with the schema of the provider', () => {
  test.each(stacks)(
    'takes the stacks of $name as they are',
    async ({ name, environment }) => {
      const output = join(folder, name);
      mkdirSync(output);
      synthesize(output, [environment]);
      for (const { body } of resources(stackOf(environment), 'aws_lambda_function')) {
        // Validation takes the hash of each bundle, and does not look inside.
        const bundle = String(at(body, 'filename'));
        const zip = join(output, 'bundles', basename(dirname(bundle)), basename(bundle));
        mkdirSync(dirname(zip), { recursive: true });
        writeFileSync(zip, '');
      }
      const cacheFolder = join(tmpdir(), 'sluice-terraform-providers');
      const verdicts = await withTerraform(
        { env: process.env, providerVersion: '5.100.0', cacheFolder },
        async ({ read }) => {
          const found: unknown[] = [];
          for (const stack of [environment.name, `state-${environment.name}`]) {
            const stackFolder = join(output, 'stacks', stack);
            await read(stackFolder, ['init', '-backend=false', '-input=false']);
            await read(stackFolder, ['fmt', '-check', '-recursive']);
            const { diagnostics } = JSON.parse(await read(stackFolder, ['validate', '-json']));
            found.push(diagnostics);
          }
          return found;
        },
      );
      expect(verdicts).toEqual([[], []]);
    },
    120_000,
  );
});
