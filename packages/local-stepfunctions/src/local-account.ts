// What stands in ARNs for the account and the region that one machine does not have.
export const REGION = 'local';
const ACCOUNT = '000000000000';

export function stateMachineArn(stateMachineName: string): string {
  return `arn:aws:states:${REGION}:${ACCOUNT}:stateMachine:${stateMachineName}`;
}

export function executionArn(stateMachineName: string, executionName: string): string {
  return `arn:aws:states:${REGION}:${ACCOUNT}:execution:${stateMachineName}:${executionName}`;
}

export const ROLE_ARN = `arn:aws:iam::${ACCOUNT}:role/local-stepfunctions`;

/** Of an Express child, which has no execution of its own in the API. */
export function expressArn(stateMachineName: string, executionName: string): string {
  return `arn:aws:states:${REGION}:${ACCOUNT}:express:${stateMachineName}:${executionName}:${executionName}`;
}

export function mapRunArn(stateMachineName: string, label: string, id: string): string {
  return `arn:aws:states:${REGION}:${ACCOUNT}:mapRun:${stateMachineName}/${label}:${id}`;
}
