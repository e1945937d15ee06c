import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Environment } from '../src/environments/environment.ts';
import { parseStack, type StackJson } from '../src/stack-json.ts';
import { synthesize } from '../src/synth.ts';

export { at, type Resource, resources, type StackJson, statementsOf } from '../src/stack-json.ts';

interface Synthesized {
  readonly lake: StackJson;
  readonly state: StackJson;
}

const known = new Map<Environment, Synthesized>();

const synthesized = (environment: Environment): Synthesized => {
  const before = known.get(environment);
  if (before) return before;
  const folder = mkdtempSync(join(tmpdir(), 'sluice-synth-'));
  try {
    synthesize(folder, [environment]);
    const read = (id: string): StackJson =>
      parseStack(readFileSync(join(folder, 'stacks', id, 'cdk.tf.json'), 'utf8'));
    const stacks = { lake: read(environment.name), state: read(`state-${environment.name}`) };
    known.set(environment, stacks);
    return stacks;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

/** The stack of an environment as Terraform would read it, synthesized once per literal. Whoever changes it, copies it. */
export const stackOf = (environment: Environment): StackJson => synthesized(environment).lake;

/** The stack of the bucket that holds an environment's state. */
export const stateStackOf = (environment: Environment): StackJson => synthesized(environment).state;
