import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PlanSettings } from '@sluice/workflows/plan';
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
    enhancedFanOut: null,
    rowTable: null,
    streamArchive: null,
    emrServerless: null,
  },
};

/** How an opt-in is set does not change what it allows. */
const examples: Environment['optIns'] = {
  privateNetwork: { cidr: '10.20.0.0/20', zones: ['a', 'b'], flowLogDays: 30 },
  threatDetection: {},
  columnGrants: { administrators: [principal('lake-administrator')], analysts: [principal('analyst')] },
  auditTrail: { days: 30 },
  budget: { monthlyUsd: 100 },
  enhancedFanOut: {},
  rowTable: { keys: { orders: 'id' } },
  streamArchive: { bufferMb: 64, bufferSeconds: 300 },
  emrServerless: {
    imageUri: '123456789012.dkr.ecr.eu-central-1.amazonaws.com/sluice-spark:1',
    architecture: 'arm64',
    maxCpus: 64,
    maxMemoryGb: 256,
    maxDiskGb: 1000,
    idleMinutes: 15,
  },
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

/** What of an environment decides how an object is processed. */
const planSettings = ({ region, lambda, transform, spark, map }: Environment): PlanSettings => {
  // They make objects, and process none.
  const { ingestStream: _stream, ingestApi: _api, ...functions } = lambda.functions;
  const { workerType, workers, timeoutMinutes } = spark;
  return {
    region,
    lambda: { ...lambda, functions },
    transform,
    spark: { workerType, workers, timeoutMinutes },
    map,
  };
};

/** A function's disk decides nothing of the plan. */
const withoutDisk = (key: string, value: unknown): unknown => (key === 'ephemeralMb' ? undefined : value);

const planEnvironments = (): string => {
  const settings = Object.fromEntries(environments.map((one) => [one.name, planSettings(one)]));
  return [
    '// Made by `pnpm generate` from infra/src/environments; do not edit.',
    "import type { PlanSettings } from '../settings.ts';",
    '',
    "export const planEnvironments: Readonly<Record<'dev' | 'staging' | 'prod', PlanSettings>> =",
    `  ${JSON.stringify(settings, withoutDisk, 2).replaceAll('\n', '\n  ')};`,
    '',
  ].join('\n');
};

const deployedEnvironments = (): string =>
  [
    '// Made by `pnpm generate` from infra/src/environments; do not edit.',
    "import type { DeployedEnvironment } from '../index.ts';",
    '',
    "export const deployedEnvironments: Readonly<Record<'dev' | 'staging' | 'prod', DeployedEnvironment>> = {",
    ...environments.map(
      ({ name, region, namePrefix }) => `  ${name}: { region: '${region}', namePrefix: '${namePrefix}' },`,
    ),
    '};',
    '',
  ].join('\n');

/** What security reads of the stacks, and what the command line may know of the environments. */
export const artefacts = async () => [
  { path: 'docs/permissions.md', make: async () => permissionsPage(permissionsSource()) },
  { path: 'packages/workflows/src/plan/generated/environments.ts', make: async () => planEnvironments() },
  {
    path: 'packages/workflows/src/deployed/generated/environments.ts',
    make: async () => deployedEnvironments(),
  },
];
