import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dev } from '../src/environments/dev.ts';
import type { Environment } from '../src/environments/environment.ts';
import { environments } from '../src/environments/index.ts';
import type { SynthesizedEnvironment } from '../src/permissions/permissions.ts';
import { permissionsPage } from '../src/permissions/permissions-page.ts';
import { parseStack, type StackJson } from '../src/stack-json.ts';
import { synthesize } from '../src/synth.ts';

const principal = (name: string): string => `arn:aws:iam::123456789012:role/${name}`;

const withoutOptIns: Environment = {
  ...dev,
  optIns: {
    privateNetwork: null,
    threatDetection: null,
    columnGrants: null,
    auditTrail: null,
    budget: null,
  },
};

/** How an opt-in is set does not change what it allows. */
const examples: Environment['optIns'] = {
  privateNetwork: { cidr: '10.20.0.0/20', zones: ['a', 'b'], flowLogDays: 30 },
  threatDetection: {},
  columnGrants: { administrators: [principal('lake-administrator')], analysts: [principal('analyst')] },
  auditTrail: { days: 30 },
  budget: { monthlyUsd: 100 },
};

const synthesized = (environment: Environment): SynthesizedEnvironment => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-permissions-'));
  try {
    synthesize(folder, [environment]);
    const stack = (id: string): StackJson =>
      parseStack(readFileSync(join(folder, 'stacks', id, 'cdk.tf.json'), 'utf8'));
    return { environment, lake: stack(environment.name), state: stack(`state-${environment.name}`) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

/** The environment of the page's ordinary lines, and one for each opt-in. */
export const permissionsSource = () => ({
  plain: synthesized(withoutOptIns),
  optIns: new Map(
    Object.entries(examples).map(([name, settings]) => [
      name,
      synthesized({ ...withoutOptIns, optIns: { ...withoutOptIns.optIns, [name]: settings } }),
    ]),
  ),
  environments,
});

/** What security reads of the stacks. */
export const artefacts = async () => [
  { path: 'docs/permissions.md', make: async () => permissionsPage(permissionsSource()) },
];
