import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Environment } from '../src/environments/environment.ts';
import { parseStack, type StackJson } from '../src/stack-json.ts';
import { synthesize } from '../src/synth.ts';

export { at, type Resource, resources, type StackJson, statementsOf } from '../src/stack-json.ts';

const synthesized = new Map<Environment, StackJson>();

/** The stack of an environment as Terraform would read it, synthesized once per literal. Whoever changes it, copies it. */
export const stackOf = (environment: Environment): StackJson => {
  const known = synthesized.get(environment);
  if (known) return known;
  const folder = mkdtempSync(join(tmpdir(), 'sluice-synth-'));
  try {
    synthesize(folder, [environment]);
    const stack = parseStack(readFileSync(join(folder, 'stacks', environment.name, 'cdk.tf.json'), 'utf8'));
    synthesized.set(environment, stack);
    return stack;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};
