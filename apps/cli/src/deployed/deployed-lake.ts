import type { Zone } from '@sluice/lake-storage/zones';
import { deployedBucket, deployedName, stateMachineNames } from '@sluice/workflows/deployed';
import { deployedEnvironments } from '@sluice/workflows/deployed/environments';
import { CliError } from '../cli-error.ts';
import { didYouMean } from '../did-you-mean.ts';
import { askAws } from './aws-error.ts';

/** The lake of one environment on AWS, in the account that the credentials belong to. */
export interface DeployedLake {
  readonly environment: string;
  readonly region: string;
  /** 12 digits. */
  readonly accountId: string;
  readonly bucketOf: (zone: Zone) => string;
  /** What is called `<prefix>-<name>`: `arnOf('sqs', 'failed-batches')`. */
  readonly arnOf: (service: string, name: string) => string;
  readonly stateMachineArn: (name: string) => string;
  /** The executions that a run may be, one for each state machine: they are named by run ids. */
  readonly executionArns: (runId: string) => readonly string[];
}

/**
 * Asks AWS whose the credentials are, by the SDK's own ways to find them, and so what the environment's resources are
 * called.
 *
 * @throws {CliError} if there is no such environment, or AWS takes no credentials
 */
export const openDeployedLake = async (environment: string): Promise<DeployedLake> => {
  const { region, namePrefix } = environmentNamed(environment);
  const { partition, accountId } = await callerOf(region);
  const arn = (service: string, resource: string): string =>
    `arn:${partition}:${service}:${region}:${accountId}:${resource}`;
  return {
    environment,
    region,
    accountId,
    bucketOf: (zone) => deployedBucket(namePrefix, zone, accountId),
    arnOf: (service, name) => arn(service, deployedName(namePrefix, name)),
    stateMachineArn: (name) => arn('states', `stateMachine:${deployedName(namePrefix, name)}`),
    executionArns: (runId) =>
      stateMachineNames.map((name) => arn('states', `execution:${deployedName(namePrefix, name)}:${runId}`)),
  };
};

const environmentNamed = (name: string) => {
  const found = Object.entries(deployedEnvironments).find(([one]) => one === name);
  if (found) return found[1];
  const names = Object.keys(deployedEnvironments);
  const hint = didYouMean(name, names) || `; there are ${names.join(', ')}`;
  throw new CliError(`there is no environment ${JSON.stringify(name)}${hint}`);
};

const callerOf = async (region: string): Promise<{ partition: string; accountId: string }> => {
  const { GetCallerIdentityCommand, STSClient } = await import('@aws-sdk/client-sts');
  const client = new STSClient({ region });
  try {
    const { Account: accountId, Arn = '' } = await askAws('sts:GetCallerIdentity', () =>
      client.send(new GetCallerIdentityCommand()),
    );
    const [, partition = 'aws'] = Arn.split(':');
    if (accountId === undefined) throw new CliError('AWS did not say which account this is');
    return { partition, accountId };
  } finally {
    client.destroy();
  }
};
