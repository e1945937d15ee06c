import { approvalFor } from './approval.ts';
import type { Invocation } from './arguments.ts';
import { openAccount } from './aws-account.ts';
import { commands } from './commands.ts';
import { readStack } from './stack-file.ts';
import type { Target } from './target.ts';
import type { Terminal } from './terminal.ts';
import { checkTerraform, withTerraform } from './terraform.ts';

interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly terminal: Terminal;
  readonly region: string;
  /** Where downloaded providers are kept. */
  readonly cacheFolder: string;
  /** Writes the stacks and whatever they deploy. */
  readonly synthesize: () => Promise<Target>;
}

/**
 * Does what was asked for: first what can be refused at once, then the files, then Terraform.
 *
 * @returns the exit code
 * @throws DeployError
 */
export const run = async (
  invocation: Invocation,
  { env, terminal, region, cacheFolder, synthesize }: Surroundings,
): Promise<number> => {
  const approval = approvalFor(invocation, terminal);
  await checkTerraform(env);
  const account = await openAccount(region);
  terminal.say(`${invocation.environment} → account ${account.id}, ${region}`);
  const target = await synthesize();
  const { providerVersion } = readStack(target.stackFolder);
  const stateBucket = `${target.namePrefix}-state-${account.id}`;
  return withTerraform({ env, providerVersion, cacheFolder }, (terraform) =>
    commands[invocation.command]({ target, account, stateBucket, terraform, terminal, approval }),
  );
};
