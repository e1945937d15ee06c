import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { change } from './approval.ts';
import type { Invocation } from './arguments.ts';
import { initWithBucket, withStateFile } from './backend.ts';
import { DeployError } from './deploy-error.ts';
import { readStack } from './stack-file.ts';
import { ensureStateBucket } from './state-bucket.ts';
import { summaryOf } from './summary.ts';
import type { Deployed } from './target.ts';

/** Each returns the exit code. */
export const commands: Record<Invocation['command'], (deployed: Deployed) => Promise<number>> = {
  async deploy(deployed) {
    const { target, terraform, terminal, stateBucket } = deployed;
    await ensureStateBucket(deployed);
    await initWithBucket(terraform, target.stackFolder, stateBucket);
    await change({ ...deployed, environment: target.environment, folder: target.stackFolder });
    const [resources, outputs] = await Promise.all([
      terraform.read(target.stackFolder, ['state', 'list']),
      terraform.read(target.stackFolder, ['output', '-json']),
    ]);
    terminal.say(summaryOf(target.environment, resources, outputs));
    return 0;
  },

  async diff({ target, account, terraform, terminal, stateBucket }) {
    const plan = async (): Promise<number> => {
      const exitCode = await terraform.run(target.stackFolder, [
        'plan',
        '-input=false',
        '-detailed-exitcode',
      ]);
      return exitCode === 0 || exitCode === 2 ? exitCode : 1;
    };
    if (await account.hasBucket(stateBucket)) {
      await initWithBucket(terraform, target.stackFolder, stateBucket);
      return plan();
    }
    terminal.say(`Nothing was ever deployed to ${target.environment} in this account; this is all of it.`);
    const nowhere = mkdtempSync(join(tmpdir(), 'sluice-diff-'));
    try {
      return await withStateFile(terraform, target.stackFolder, join(nowhere, 'terraform.tfstate'), plan);
    } finally {
      rmSync(nowhere, { recursive: true, force: true });
    }
  },

  async destroy(deployed) {
    const { target, account, terraform, terminal, stateBucket } = deployed;
    const { stateKey, protectedResources } = readStack(target.stackFolder);
    if (protectedResources.length > 0) {
      throw new DeployError(
        `${target.environment} is protected: Terraform would refuse to destroy ${protectedResources[0]}, as one of ` +
          `${protectedResources.length}. If you mean it, set \`protected: false\` in ` +
          `infra/src/environments/${target.environment}.ts, deploy that, and then destroy.`,
      );
    }
    if (!((await account.hasBucket(stateBucket)) && (await account.hasObject(stateBucket, stateKey)))) {
      terminal.say(`Nothing of ${target.environment} is deployed in this account.`);
      return 0;
    }
    await initWithBucket(terraform, target.stackFolder, stateBucket);
    await change({
      ...deployed,
      environment: target.environment,
      folder: target.stackFolder,
      destroy: true,
    });
    terminal.say(
      `${target.environment} is destroyed. The bucket ${stateBucket} remains, with the history of Terraform's state.`,
    );
    return 0;
  },
};
