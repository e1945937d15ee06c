import type { Approval } from './approval.ts';
import type { AwsAccount } from './aws-account.ts';
import type { Terminal } from './terminal.ts';
import type { Terraform } from './terraform.ts';

/** A synthesized environment. */
export interface Target {
  readonly environment: string;
  readonly namePrefix: string;
  readonly stackFolder: string;
  readonly stateStackFolder: string;
  /** Where the state of the state bucket is until the bucket has it. */
  readonly firstDeployFolder: string;
}

/** A target and everything that it takes to change it. */
export interface Deployed {
  readonly target: Target;
  readonly account: AwsAccount;
  /** The name of the bucket with the environment's state. */
  readonly stateBucket: string;
  readonly terraform: Terraform;
  readonly terminal: Terminal;
  readonly approval: Approval;
}
