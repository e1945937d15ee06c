import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Invocation } from './arguments.ts';
import { DeployError } from './deploy-error.ts';
import type { Terminal } from './terminal.ts';
import type { Terraform } from './terraform.ts';

/**
 * Who has to agree to a plan: nobody, whoever answers Terraform's own question, or somebody who types the environment's
 * name.
 */
export type Approval = 'none' | 'terraform-asks' | 'type-name';

/** Throws a DeployError if somebody would have to agree and nobody can. */
export const approvalFor = (
  { command, environment, yes }: Invocation,
  { interactive }: Pick<Terminal, 'interactive'>,
): Approval => {
  if (yes || command === 'diff') return 'none';
  if (!interactive) {
    throw new DeployError(`${command} ${environment} has a question, and there is no terminal: add --yes.`);
  }
  return command === 'destroy' || environment === 'prod' ? 'type-name' : 'terraform-asks';
};

interface Change {
  readonly terraform: Terraform;
  readonly terminal: Terminal;
  readonly approval: Approval;
  readonly environment: string;
  /** The stack's. */
  readonly folder: string;
  /** Of everything in the stack, instead of changes. */
  readonly destroy?: boolean;
}

/** Plans a stack's changes, gets them agreed to and makes them. Throws a DeployError if that fails or nobody agrees. */
export const change = async (changes: Change): Promise<void> => {
  const { terraform, approval, folder, destroy = false } = changes;
  const direction = destroy ? ['-destroy'] : [];
  if (approval === 'type-name') return changeByName(changes, direction);
  const unasked = approval === 'none' ? ['-auto-approve', '-input=false'] : [];
  succeed(await terraform.run(folder, ['apply', ...direction, ...unasked]), 'apply');
};

const changeByName = async (
  { terraform, terminal, environment, folder, destroy }: Change,
  direction: readonly string[],
): Promise<void> => {
  // What is agreed to is what is done, whatever happens in between.
  const plan = join(folder, 'agreed.tfplan');
  try {
    const planned = await terraform.run(folder, [
      'plan',
      '-input=false',
      '-detailed-exitcode',
      `-out=${plan}`,
      ...direction,
    ]);
    if (planned === 0) return;
    if (planned !== 2) succeed(planned, 'plan');
    const consequence = destroy ? `This destroys ${environment}` : `This changes ${environment}`;
    const typed = await terminal.ask(`${consequence}. Type its name to go on: `);
    if (typed?.trim() !== environment) throw new DeployError('Nothing was changed.');
    succeed(await terraform.run(folder, ['apply', '-input=false', plan]), 'apply');
  } finally {
    // It has the configuration's secrets in the clear.
    rmSync(plan, { force: true });
  }
};

/** Throws a DeployError if Terraform has ended with another exit code than 0. */
export const succeed = (exitCode: number, command: string): void => {
  if (exitCode !== 0) throw new DeployError(`terraform ${command} did not finish; its reason is above.`);
};
