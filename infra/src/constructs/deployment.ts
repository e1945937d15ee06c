import { DataAwsCallerIdentity } from '@cdktf/provider-aws/lib/data-aws-caller-identity/index.js';
import { DataAwsPartition } from '@cdktf/provider-aws/lib/data-aws-partition/index.js';
import { deployedName } from '@sluice/workflows/deployed';
import type { Construct } from 'constructs';
import type { Environment } from '../environments/environment.ts';

/** What every part of a stack knows: its environment, and the account, which is known only when Terraform runs. */
export class Deployment {
  readonly environment: Environment;
  /** 12 digits. */
  readonly accountId: string;
  /** `aws`, or what a region's ARNs begin with elsewhere. */
  readonly partition: string;

  constructor(scope: Construct, environment: Environment) {
    this.environment = environment;
    this.accountId = new DataAwsCallerIdentity(scope, 'caller').accountId;
    this.partition = new DataAwsPartition(scope, 'partition').partition;
  }

  /** `<prefix>-<name>`: what a resource is called on AWS. */
  nameOf(name: string): string {
    return deployedName(this.environment.namePrefix, name);
  }

  /** The ARN of something in this account and region, for what no attribute of a resource gives. */
  arnOf(service: string, resource: string): string {
    return `arn:${this.partition}:${service}:${this.environment.region}:${this.accountId}:${resource}`;
  }
}
