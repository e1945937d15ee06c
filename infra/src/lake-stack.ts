import { TerraformOutput } from 'cdktf';
import type { Construct } from 'constructs';
import { AuditTrail } from './constructs/audit-trail.ts';
import { Catalogue } from './constructs/catalogue.ts';
import { ColumnGrants } from './constructs/column-grants.ts';
import { Crawlers } from './constructs/crawlers.ts';
import { Deployment } from './constructs/deployment.ts';
import { Functions } from './constructs/functions.ts';
import { Intake } from './constructs/intake.ts';
import { Keys } from './constructs/keys.ts';
import { PrivateNetwork } from './constructs/private-network.ts';
import { Queries } from './constructs/queries.ts';
import { ThreatDetection } from './constructs/threat-detection.ts';
import { Topics } from './constructs/topics.ts';
import { EtlWorkflow } from './constructs/workflow.ts';
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
    const crawlers = new Crawlers(this, 'crawlers', deployment, { zones, catalogue, keys });
    new Queries(this, 'queries', deployment, { zones, catalogue, keyArn: keys.data });
    const topics = new Topics(this, 'topics', deployment, keys.operations);

    const { optIns } = environment;
    const network =
      optIns.privateNetwork &&
      new PrivateNetwork(this, 'network', deployment, {
        ...optIns.privateNetwork,
        buckets: [zones.raw, zones.curated],
        keyArn: keys.operations,
      });

    const surroundings = { network, keyArn: keys.operations };
    const functions = new Functions(this, 'functions', deployment, {
      ...surroundings,
      zones,
      dataKeyArn: keys.data,
      catalogue,
    });
    const workflow = new EtlWorkflow(this, 'workflow', deployment, {
      functions,
      crawlerPrefix: catalogue.crawlerPrefix,
      runsTopicArn: topics.runs,
      curatedBucket: zones.curated.name,
      keyArn: keys.operations,
    });
    new Intake(this, 'intake', deployment, {
      ...surroundings,
      raw: zones.raw,
      stateMachineArn: workflow.arn,
    });

    if (optIns.columnGrants !== null) {
      new ColumnGrants(this, 'column-grants', deployment, {
        ...optIns.columnGrants,
        catalogue,
        zones,
        dataKeyArn: keys.data,
        publishRoleArn: functions.publishRun.roleArn,
        crawlerRoleArn: crawlers.roleArn,
      });
    }
    if (optIns.auditTrail !== null) {
      new AuditTrail(this, 'audit-trail', deployment, {
        ...optIns.auditTrail,
        buckets: [zones.raw, zones.curated, zones.analytics],
        keyArn: keys.operations,
        accessLogs: zones.accessLogs.name,
      });
    }
    if (optIns.threatDetection !== null) {
      new ThreatDetection(this, 'threats', deployment, { alarmsTopicArn: topics.alarms });
    }

    const outputs = {
      raw_bucket: zones.raw.name,
      curated_bucket: zones.curated.name,
      state_machine_arn: workflow.arn,
      glue_database: catalogue.databaseName,
    };
    for (const [name, value] of Object.entries(outputs)) new TerraformOutput(this, name, { value });
  }
}
