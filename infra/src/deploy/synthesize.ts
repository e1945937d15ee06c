import { join } from 'node:path';
import { bundleApps } from '../bundles.ts';
import type { Environment } from '../environments/environment.ts';
import { output, synthesize } from '../synth.ts';
import { readStack } from './stack-file.ts';

/** The folder of one of an environment's stacks. */
export const stackFolderOf = (stack: string): string => join(output, 'stacks', stack);

/** Writes the stacks of environments, and the bundles that they name. */
export const synthesizeAndBundle = async (environments: readonly Environment[]): Promise<void> => {
  synthesize(output, environments);
  for (const architecture of new Set(environments.map(({ lambda }) => lambda.architecture))) {
    const stacks = environments.filter(({ lambda }) => lambda.architecture === architecture);
    const apps = new Set(stacks.flatMap(({ name }) => readStack(stackFolderOf(name)).apps));
    await bundleApps({ apps: [...apps], architecture, outDir: join(output, 'bundles', architecture) });
  }
};
