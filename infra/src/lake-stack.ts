import type { Construct } from 'constructs';
import { Catalogue } from './constructs/catalogue.ts';
import { Deployment } from './constructs/deployment.ts';
import { Keys } from './constructs/keys.ts';
import { PrivateNetwork } from './constructs/private-network.ts';
import { Topics } from './constructs/topics.ts';
import { Zones } from './constructs/zones.ts';
import { EnvironmentStack } from './environment-stack.ts';
import type { Environment } from './environments/environment.ts';

/** The lake of one environment. Its id is the environment's name. */
export class LakeStack extends EnvironmentStack {
  constructor(scope: Construct, environment: Environment) {
    super(scope, environment.name, environment, { stateKey: 'lake.tfstate' });
    const deployment = new Deployment(this, environment);
    const keys = new Keys(this, 'keys', deployment);
    const zones = new Zones(this, 'zones', deployment, keys.data);
    const catalogue = new Catalogue(this, 'catalogue', deployment, { zones });
    void catalogue;
    const topics = new Topics(this, 'topics', deployment, keys.operations);
    void topics;

    const { optIns } = environment;
    const network =
      optIns.privateNetwork &&
      new PrivateNetwork(this, 'network', deployment, {
        ...optIns.privateNetwork,
        buckets: [zones.raw, zones.curated],
        keyArn: keys.operations,
      });
    void network;
  }
}
