import { fileURLToPath } from 'node:url';
import { App } from 'cdktf';
import { checkEnvironment, type Environment } from './environments/environment.ts';
import { environments } from './environments/index.ts';
import { LakeStack } from './lake-stack.ts';
import { sparkCode, writeSparkCode } from './spark-program.ts';
import { StateStack } from './state-stack.ts';

/** Where Terraform is run: `<output>/stacks/<environment>`. */
export const output = fileURLToPath(new URL('../cdktf.out/', import.meta.url));

/**
 * Writes each environment's Terraform stack into `<outDir>/stacks/<name>/cdk.tf.json`, and the one of the bucket with
 * their state into `stacks/state-<name>`; beside the stacks the files that they upload for Spark. Pure: the same environments give the same bytes, without network, clock or
 * credentials. Throws one line if an environment is not complete.
 */
export const synthesize = (outDir: string, of: readonly Environment[] = environments): void => {
  const app = new App({ outdir: outDir, skipValidation: false });
  const code = sparkCode();
  for (const environment of of.map(checkEnvironment)) {
    new LakeStack(app, environment, code);
    new StateStack(app, environment);
  }
  app.synth();
  writeSparkCode(outDir, code);
};
