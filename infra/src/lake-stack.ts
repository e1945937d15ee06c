import { AwsProvider } from '@cdktf/provider-aws/lib/provider/index.js';
import { S3Backend, type TerraformElement, TerraformStack } from 'cdktf';
import type { Construct } from 'constructs';
import { Deployment } from './constructs/deployment.ts';
import { Keys } from './constructs/keys.ts';
import { Zones } from './constructs/zones.ts';
import type { Environment } from './environments/environment.ts';

/** The lake of one environment. Its id is the environment's name. */
export class LakeStack extends TerraformStack {
  constructor(scope: Construct, environment: Environment) {
    super(scope, environment.name);
    const { region } = environment;
    new AwsProvider(this, 'aws', {
      region,
      defaultTags: [
        {
          tags: {
            ...environment.tags,
            Project: 'sluice',
            Environment: environment.name,
            ManagedBy: 'terraform',
          },
        },
      ],
    });
    // The bucket's name has the account in it, which `terraform init -backend-config=bucket=…` tells.
    const backend = new S3Backend(this, { bucket: '', key: 'lake.tfstate', region, encrypt: true });
    backend.addOverride('use_lockfile', true);

    const deployment = new Deployment(this, environment);
    const keys = new Keys(this, 'keys', deployment);
    const zones = new Zones(this, 'zones', deployment, keys.data);
    void zones;
  }

  /** `zones_raw_bucket`: an address that a person can type, where CDKTF would add a hash. */
  protected override allocateLogicalId(element: TerraformElement): string {
    const [, ...path] = element.node.path.split('/');
    return path.join('_').replaceAll('-', '_');
  }
}
