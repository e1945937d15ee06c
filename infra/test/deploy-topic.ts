import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SnsTopic } from '@cdktf/provider-aws/lib/sns-topic/index.js';
import { App, TerraformOutput } from 'cdktf';
import { parseArguments } from '../src/deploy/arguments.ts';
import { DeployError } from '../src/deploy/deploy-error.ts';
import { run } from '../src/deploy/run.ts';
import type { Target } from '../src/deploy/target.ts';
import { openTerminal } from '../src/deploy/terminal.ts';
import { EnvironmentStack } from '../src/environment-stack.ts';
import { environmentNamed } from '../src/environments/index.ts';
import { StateStack } from '../src/state-stack.ts';

// What `pnpm run deploy|diff|destroy` runs, with one SNS topic for a lake.
// node deploy-topic.ts FOLDER COMMAND ENVIRONMENT [--yes]

const [folder = '', ...args] = process.argv.slice(2);
const invocation = parseArguments(args, ['dev', 'prod']);
if (typeof invocation === 'string') throw new Error(`There is no ${invocation} here.`);
const environment = environmentNamed(invocation.environment);

class TopicStack extends EnvironmentStack {
  constructor(app: App) {
    super(app, environment.name, environment, { stateKey: 'lake.tfstate' });
    const topic = new SnsTopic(this, 'topic', { name: `${environment.namePrefix}-topic` });
    if (environment.protected) topic.addOverride('lifecycle.prevent_destroy', true);
    new TerraformOutput(this, 'raw_bucket', { value: topic.name });
  }
}

const synthesize = async (): Promise<Target> => {
  const app = new App({ outdir: join(folder, 'out') });
  new TopicStack(app);
  new StateStack(app, environment);
  app.synth();
  const stateStackFolder = join(folder, 'out', 'stacks', `state-${environment.name}`);
  withoutLifecycle(join(stateStackFolder, 'cdk.tf.json'));
  return {
    environment: environment.name,
    namePrefix: environment.namePrefix,
    stackFolder: join(folder, 'out', 'stacks', environment.name),
    stateStackFolder,
    firstDeployFolder: join(folder, 'first-deploy'),
  };
};

/** The provider watches a lifecycle configuration for 50 seconds before it believes it, on an emulator as on AWS. */
const withoutLifecycle = (file: string): void => {
  const stack = JSON.parse(readFileSync(file, 'utf8'));
  delete stack.resource.aws_s3_bucket_lifecycle_configuration;
  writeFileSync(file, JSON.stringify(stack));
};

try {
  process.exitCode = await run(invocation, {
    env: process.env,
    terminal: openTerminal(process),
    region: environment.region,
    cacheFolder: join(folder, 'providers'),
    synthesize,
  });
} catch (error) {
  if (!(error instanceof DeployError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = error.exitCode;
}
