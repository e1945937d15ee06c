import { IamRole } from '@cdktf/provider-aws/lib/iam-role/index.js';
import { IamRolePolicy } from '@cdktf/provider-aws/lib/iam-role-policy/index.js';
import { Construct } from 'constructs';
import type { Deployment } from './deployment.ts';
import { policyOf, type Statement } from './policy.ts';

// Services that say in whose name they assume a role. The others take only roles that a principal of the same account
// has passed to them.
// https://docs.aws.amazon.com/step-functions/latest/dg/procedure-create-iam-role.html#prevent-cross-service-confused-deputy
// https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-iam-role.html
const tellForWhom: readonly string[] = ['states.amazonaws.com', 'vpc-flow-logs.amazonaws.com'];

interface ServiceRoleProps {
  /** What the role is for, in one line, as it appears in the console. */
  readonly description: string;
  /** The service that acts in the role: `lambda.amazonaws.com`. */
  readonly service: string;
  readonly may: readonly Statement[];
}

/** A role that one AWS service takes on in this account's name, with exactly the permissions that are listed. */
export class ServiceRole extends Construct {
  readonly arn: string;
  readonly name: string;
  /** What has to exist before the role is of use. */
  readonly policy: IamRolePolicy;

  constructor(
    scope: Construct,
    id: string,
    deployment: Deployment,
    { description, service, may }: ServiceRoleProps,
  ) {
    super(scope, id);
    const trust = {
      Sid: 'ActInItsName',
      Effect: 'Allow',
      Principal: { Service: service },
      Action: ['sts:AssumeRole'],
      // Nobody else's resource of the service can borrow the role.
      ...(tellForWhom.includes(service)
        ? { Condition: { StringEquals: { 'aws:SourceAccount': deployment.accountId } } }
        : {}),
    };
    const role = new IamRole(this, 'role', {
      name: deployment.nameOf(id),
      description,
      assumeRolePolicy: JSON.stringify({ Version: '2012-10-17', Statement: [trust] }),
    });
    this.arn = role.arn;
    this.name = role.name;
    this.policy = new IamRolePolicy(this, 'policy', {
      name: 'permissions',
      role: role.id,
      policy: policyOf(may),
    });
  }
}
