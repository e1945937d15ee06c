import { parseArgs } from 'node:util';
import { DeployError } from './deploy-error.ts';

const commands = ['deploy', 'diff', 'destroy'] as const;
const known = ['synth', ...commands].join(', ');

/** What was asked for. */
export interface Invocation {
  readonly command: (typeof commands)[number];
  readonly environment: string;
  /** Nothing is asked. */
  readonly yes: boolean;
}

export const help = (
  environments: readonly string[],
): string => `Usage: pnpm run deploy|diff|destroy ENVIRONMENT [--yes]
       pnpm run synth

  deploy    makes in AWS what the environment describes, and changes there only what differs from it
  diff      shows what deploy would change, and changes nothing
  destroy   deletes everything that deploy has made, but for the bucket with Terraform's state
  synth     writes what Terraform reads into infra/cdktf.out, for all environments; it needs neither AWS nor Terraform

ENVIRONMENT is ${environments.join(', ')}.

  --yes     ask nothing, for machines. Otherwise Terraform shows its plan and asks; before prod, and before
            anything is destroyed, the environment's name has to be typed.
  --help    this text

Exit codes: 0 done, or no differences; 1 failed or declined; 2 diff found differences; 130 stopped with Ctrl-C.
With npm, options come after two dashes: npm run deploy -- dev --yes
Needs Terraform 1.11 or later, and AWS credentials where its other tools look for them: AWS_PROFILE, AWS_ACCESS_KEY_ID,
or \`aws sso login\`. TF_PLUGIN_MIRROR names a folder with Terraform providers, where the registry cannot be reached.
`;

/** Throws a DeployError if what was asked for makes no sense. */
export const parseArguments = (
  args: readonly string[],
  environments: readonly string[],
): Invocation | 'help' | 'synth' => {
  const { values, positionals } = parsed(args);
  const [name, environment, ...more] = positionals;
  if (values.help) return 'help';
  if (name === 'synth') {
    if (environment === undefined) return name;
    throw new DeployError('synth writes all environments, and takes no name.');
  }
  if (name === undefined) throw new DeployError(`What to do? ${known}; see --help.`);
  const command = commands.find((each) => each === name);
  if (command === undefined) {
    throw new DeployError(`There is no command ${JSON.stringify(name)}; there are ${known}.`);
  }
  if (environment === undefined) {
    throw new DeployError(`Which environment? pnpm run ${command} ${environments.join('|')}`);
  }
  if (!environments.includes(environment)) {
    throw new DeployError(
      `There is no environment ${JSON.stringify(environment)}; there are ${environments.join(', ')}.`,
    );
  }
  if (more.length > 0)
    throw new DeployError(`One environment at a time: ${[environment, ...more].join(' ')}.`);
  return { command, environment, yes: values.yes };
};

const parsed = (args: readonly string[]) => {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        yes: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (cause) {
    // `node:util` says it in one sentence and then explains its own syntax.
    const [sentence] = String(cause instanceof Error ? cause.message : cause).split('. ');
    throw new DeployError(`${sentence}; see --help.`);
  }
};
