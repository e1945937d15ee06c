import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MiniStack } from '@sluice/aws-emulator';
import { z } from 'zod';
import { bundleApps } from '../../src/bundles.ts';
import { readStack } from '../../src/deploy/stack-file.ts';
import { withTerraform } from '../../src/deploy/terraform.ts';
import type { Environment } from '../../src/environments/environment.ts';
import { synthesize } from '../../src/synth.ts';
import { environmentOf } from '../terraform-cli.ts';
import { lacking } from './lacking.ts';
import { type Difference, planDifferences } from './plan-differences.ts';
import { takeOut } from './take-out.ts';

/** An environment's stack, in a folder of its own, that Terraform makes in a MiniStack. */
export interface EmulatedStack {
  apply(): Promise<void>;
  /** What a plan would change now. */
  differences(): Promise<Difference[]>;
  /** The types of its resources, each once. */
  readonly types: readonly string[];
  /** What the stack says of itself: `stream_name`, `api_url`, … */
  outputs(): Promise<Readonly<Record<string, string>>>;
  /** The addresses of what Terraform has made and not destroyed. */
  madeResources(): Promise<string[]>;
  destroy(): Promise<void>;
  /** Deletes the folder. */
  remove(): Promise<void>;
}

const outputs = z.record(z.string(), z.object({ value: z.string() }));

/** The provider of the stack, and the machine's own backend, whatever the stack says. */
const override = {
  terraform: { backend: { local: {} } },
  provider: {
    aws: {
      s3_use_path_style: true,
      skip_credentials_validation: true,
      skip_metadata_api_check: true,
    },
  },
};

// Most of the time Terraform waits until it asks again whether something is there.
const options = ['-no-color', '-input=false', '-parallelism=40'];

/** Synthesizes and bundles an environment, and applies nothing yet. */
export const emulatedStack = async (
  environment: Environment,
  miniStack: MiniStack,
): Promise<EmulatedStack> => {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-stack-'));
  try {
    return await stackIn(folder, environment, miniStack);
  } catch (cause) {
    await rm(folder, { recursive: true, force: true });
    throw cause;
  }
};

const stackIn = async (
  folder: string,
  environment: Environment,
  miniStack: MiniStack,
): Promise<EmulatedStack> => {
  synthesize(folder, [environment]);
  const stackFolder = join(folder, 'stacks', environment.name);
  const file = join(stackFolder, 'cdk.tf.json');
  const stack = takeOut(await readFile(file, 'utf8'), lacking);
  await writeFile(file, JSON.stringify(stack, null, 2));
  // Terraform merges what is called so into the rest.
  await writeFile(join(stackFolder, 'emulator_override.tf.json'), JSON.stringify(override));

  const { apps, providerVersion } = readStack(stackFolder);
  const { architecture } = environment.lambda;
  await bundleApps({ apps, architecture, outDir: join(folder, 'bundles', architecture) });

  const env = { ...process.env, ...environmentOf(miniStack), AWS_REGION: environment.region };
  const terraform = (...args: string[]): Promise<string> =>
    withTerraform(
      { env, providerVersion, cacheFolder: join(tmpdir(), 'sluice-terraform-providers') },
      ({ read }) => read(stackFolder, args),
    );
  await terraform('init', '-no-color', '-input=false');

  return {
    types: Object.keys(stack.resource),
    apply: async () => {
      await terraform('apply', '-auto-approve', ...options);
    },
    differences: async () => {
      await terraform('plan', '-out=second.tfplan', ...options);
      return planDifferences(await terraform('show', '-json', 'second.tfplan'));
    },
    outputs: async () => {
      const said = outputs.parse(JSON.parse(await terraform('output', '-json')));
      return Object.fromEntries(Object.entries(said).map(([name, { value }]) => [name, value]));
    },
    madeResources: async () => (await terraform('state', 'list')).split('\n').filter(Boolean),
    destroy: async () => {
      const destroy = () => terraform('destroy', '-auto-approve', ...options);
      // A deletion whose answer is lost is asked for again, which AWS takes and MiniStack does not.
      await destroy().catch((cause: unknown) => {
        if (!String(cause).includes('StateMachineDoesNotExist')) throw cause;
        return destroy();
      });
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
};
