import type { Construct } from 'constructs';
import { Deployment } from './constructs/deployment.ts';
import { Key } from './constructs/key.ts';
import { PrivateBucket } from './constructs/private-bucket.ts';
import { EnvironmentStack } from './environment-stack.ts';
import type { Environment } from './environments/environment.ts';

/**
 * The bucket that remembers what Terraform has made in an environment, this stack included. Its id is `state-<name>`.
 * The first deploy makes it (`deploy/state-bucket.ts`), and nothing destroys it: it has the history of everything else.
 */
export class StateStack extends EnvironmentStack {
  constructor(scope: Construct, environment: Environment) {
    super(scope, `state-${environment.name}`, environment, { stateKey: 'state.tfstate' });
    const deployment = new Deployment(this, { ...environment, protected: true });
    const key = new Key(this, 'state-key', deployment, {
      description: `What Terraform knows of ${environment.namePrefix}`,
      services: [],
    });
    new PrivateBucket(this, 'state', deployment, {
      keyArn: key.arn,
      accessLogs: null,
      lifecycle: [],
      noncurrentVersionDays: 90,
    });
  }
}
