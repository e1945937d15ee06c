import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { change } from './approval.ts';
import { initWithBucket, withStateFile } from './backend.ts';
import { DeployError } from './deploy-error.ts';
import { readStack } from './stack-file.ts';
import type { Deployed } from './target.ts';

/**
 * Makes the bucket for Terraform's state if it is not there, and moves the state of the bucket itself into it, so that
 * nothing about an environment is known to one computer only. Interrupted anywhere, it goes on when it is run again:
 * until the bucket has its own state, that stays in a file.
 */
export const ensureStateBucket = async (deployed: Deployed): Promise<void> => {
  const { account, terraform, terminal, stateBucket, target } = deployed;
  const { stateStackFolder: folder, firstDeployFolder } = target;
  const { stateKey } = readStack(folder);
  const state = join(firstDeployFolder, `${stateBucket}.tfstate`);
  const forget = (): void => {
    for (const file of [state, `${state}.backup`]) rmSync(file, { force: true });
  };

  const exists = await account.hasBucket(stateBucket);
  if (exists && (await account.hasObject(stateBucket, stateKey))) return forget();
  if (exists && !existsSync(state)) {
    throw new DeployError(
      `The bucket ${stateBucket} does not hold its own state: a first deploy was interrupted on another computer. Run ` +
        `it again there; or delete the bucket, if it is empty, and alias/${target.namePrefix}-state-key, then run this again.`,
    );
  }

  terminal.say(
    exists
      ? `An earlier deploy was interrupted while it made the bucket ${stateBucket}; going on with that.`
      : `First deploy of ${target.environment}: Terraform will keep its state in the bucket ${stateBucket}, which is made now.`,
  );
  mkdirSync(firstDeployFolder, { recursive: true });
  await withStateFile(terraform, folder, state, () =>
    change({ ...deployed, environment: target.environment, folder }),
  );
  await initWithBucket(terraform, folder, stateBucket, ['-migrate-state', '-force-copy']);
  if (!(await account.hasObject(stateBucket, stateKey))) {
    throw new DeployError(
      `The state of ${stateBucket} did not arrive in it; it stays in ${state} until it does.`,
    );
  }
  forget();
};
