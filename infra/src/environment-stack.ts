import { AwsProvider } from '@cdktf/provider-aws/lib/provider/index.js';
import { S3Backend, type TerraformElement, TerraformStack } from 'cdktf';
import type { Construct } from 'constructs';
import type { Environment } from './environments/environment.ts';

interface EnvironmentStackProps {
  /** The object in the environment's state bucket that holds the stack's state. */
  readonly stateKey: string;
}

/** What every stack of an environment has: its region and tags, and where its state lies. */
export abstract class EnvironmentStack extends TerraformStack {
  constructor(scope: Construct, id: string, environment: Environment, { stateKey }: EnvironmentStackProps) {
    super(scope, id);
    const { region } = environment;
    new AwsProvider(this, 'aws', {
      region,
      defaultTags: [
        {
          tags: {
            ...environment.tags,
            Project: 'sluice',
            Environment: environment.name,
            // By which the budget knows the costs of this lake from those of others.
            Lake: environment.namePrefix,
            ManagedBy: 'terraform',
          },
        },
      ],
    });
    // The bucket's name has the account in it, which `terraform init -backend-config=bucket=…` tells. No `encrypt`: with
    // it and without a key's id Terraform asks for S3's own key, and the bucket refuses every key but its own.
    const backend = new S3Backend(this, { bucket: '', key: stateKey, region });
    backend.addOverride('use_lockfile', true);
  }

  /** `zones_raw_bucket`: an address that a person can type, where CDKTF would add a hash. */
  protected override allocateLogicalId(element: TerraformElement): string {
    const [, ...path] = element.node.path.split('/');
    return path.join('_').replaceAll('-', '_');
  }
}
