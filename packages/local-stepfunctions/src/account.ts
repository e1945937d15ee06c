/** Where executions claim to be: part of every ARN that they show. */
export interface Account {
  readonly region: string;
  /** Twelve digits. */
  readonly accountId: string;
}

/** What stands in ARNs for the account and the region that one machine does not have. */
export const LOCAL_ACCOUNT: Account = { region: 'local', accountId: '000000000000' };

type ResourceType = 'stateMachine' | 'execution' | 'express' | 'mapRun';

/** The ARN of something of Step Functions. An Express execution has two names: its own and one that is unique. */
export function statesArn({ region, accountId }: Account, type: ResourceType, ...names: string[]): string {
  return `arn:aws:states:${region}:${accountId}:${type}:${names.join(':')}`;
}

/** The role of an execution that was given none. */
export function defaultRoleArn({ accountId }: Account): string {
  return `arn:aws:iam::${accountId}:role/local-stepfunctions`;
}
