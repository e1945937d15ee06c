import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { environmentNamed, environments } from '../environments/index.ts';
import { help, parseArguments } from './arguments.ts';
import { DeployError } from './deploy-error.ts';
import { run } from './run.ts';
import { openTerminal } from './terminal.ts';

// `pnpm run synth|deploy|diff|destroy`, see `help`.

const inRepository = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

const terminal = openTerminal(process);

const synth = async (): Promise<number> => {
  const { stackFolderOf, synthesizeAndBundle } = await import('./synthesize.ts');
  await synthesizeAndBundle(environments);
  for (const { name } of environments) terminal.say(relative('.', stackFolderOf(name)));
  return 0;
};

const main = async (args: readonly string[]): Promise<number> => {
  const names = environments.map(({ name }) => name);
  const invocation = parseArguments(args, names);
  if (invocation === 'help') {
    process.stdout.write(help(names));
    return 0;
  }
  if (invocation === 'synth') return synth();
  const environment = environmentNamed(invocation.environment);
  return run(invocation, {
    env: process.env,
    terminal,
    region: environment.region,
    cacheFolder: inRepository('.cache/terraform-providers'),
    synthesize: async () => {
      terminal.say('Writing the stacks and bundling the functions…');
      // Loaded here: who has misspelt a word need not wait for CDKTF and esbuild.
      const { stackFolderOf, synthesizeAndBundle } = await import('./synthesize.ts');
      await synthesizeAndBundle([environment]);
      return {
        environment: environment.name,
        namePrefix: environment.namePrefix,
        stackFolder: stackFolderOf(environment.name),
        stateStackFolder: stackFolderOf(`state-${environment.name}`),
        firstDeployFolder: inRepository('infra/.first-deploy'),
      };
    },
  });
};

// A reader that has seen enough, such as `head`, is no fault.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit();
  throw error;
});

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof Error) || process.env.SLUICE_DEBUG) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = error instanceof DeployError ? error.exitCode : 1;
}
