import { WORKFLOWS, type WorkflowName } from '@sluice/workflows';
import { CliError } from '../cli-error.ts';
import { didYouMean } from '../did-you-mean.ts';

/** The workflow, or one clear line. */
export const workflowNamed = (name: string): WorkflowName => {
  const workflow = WORKFLOWS.find((one) => one === name);
  if (workflow) return workflow;
  const hint = didYouMean(name, WORKFLOWS) || `; there are ${WORKFLOWS.join(', ')}`;
  throw new CliError(`there is no workflow ${JSON.stringify(name)}${hint}`);
};
