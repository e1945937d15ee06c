import { TerraformOutput } from 'cdktf';
import type { Construct } from 'constructs';
import { Alarms } from './constructs/alarms.ts';
import { AuditTrail } from './constructs/audit-trail.ts';
import { Budget } from './constructs/budget.ts';
import { Catalogue } from './constructs/catalogue.ts';
import { ColumnGrants } from './constructs/column-grants.ts';
import { Crawlers } from './constructs/crawlers.ts';
import { Dashboard } from './constructs/dashboard.ts';
import { Deployment } from './constructs/deployment.ts';
import { EmrServerless } from './constructs/emr-serverless.ts';
import { FailedRuns } from './constructs/failed-runs.ts';
import { LakeFolders } from './constructs/folder-access.ts';
import { Functions } from './constructs/functions.ts';
import { GlueJob } from './constructs/glue-job.ts';
import { HttpApi } from './constructs/http-api.ts';
import { Intake } from './constructs/intake.ts';
import { Keys } from './constructs/keys.ts';
import { LakeFunction } from './constructs/lake-function.ts';
import { LetterQueue } from './constructs/letter-queue.ts';
import { PrivateNetwork } from './constructs/private-network.ts';
import { Queries } from './constructs/queries.ts';
import { RecordStream } from './constructs/record-stream.ts';
import { RowTable } from './constructs/row-table.ts';
import { SparkFiles } from './constructs/spark-files.ts';
import { StreamArchive } from './constructs/stream-archive.ts';
import { StreamIntake } from './constructs/stream-intake.ts';
import { ThreatDetection } from './constructs/threat-detection.ts';
import { Topics } from './constructs/topics.ts';
import { CsvMapWorkflow, csvMapDelimiters, EtlWorkflow } from './constructs/workflows.ts';
import { Zones } from './constructs/zones.ts';
import { EnvironmentStack } from './environment-stack.ts';
import type { Environment } from './environments/environment.ts';
import type { SparkCode } from './spark-program.ts';

/** The lake of one environment. Its id is the environment's name. */
export class LakeStack extends EnvironmentStack {
  constructor(scope: Construct, environment: Environment, code: SparkCode) {
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

    const failedBatches = new LetterQueue(this, 'failed-batches', deployment, {
      name: 'failed-batches',
      purpose: 'ReportFailedBatches',
      keyArn: keys.operations,
    });
    const surroundings = { network, keyArn: keys.operations };
    const functions = new Functions(this, 'functions', deployment, {
      ...surroundings,
      zones,
      dataKeyArn: keys.data,
      catalogue,
      failedBatches,
      rowTable:
        optIns.rowTable && new RowTable(this, 'rows', deployment, { ...optIns.rowTable, keyArn: keys.data }),
    });
    failedBatches.takeOnlyFrom(functions.recordFailedRows.roleArn);
    const folders = new LakeFolders(deployment, zones, keys.data);
    const files = new SparkFiles(this, 'spark', deployment, { code, zones, folders, dataKeyArn: keys.data });
    const spark =
      optIns.emrServerless === null
        ? new GlueJob(this, 'transform-spark', deployment, { files, keys })
        : new EmrServerless(this, 'transform-spark-emr', deployment, {
            ...optIns.emrServerless,
            files,
            dataKeyArn: keys.data,
          });
    const machineProps = {
      functions,
      folders,
      runsTopicArn: topics.runs,
      curatedBucket: zones.curated.name,
      keyArn: keys.operations,
    };
    const etl = new EtlWorkflow(this, 'workflow', deployment, {
      ...machineProps,
      crawlerPrefix: catalogue.crawlerPrefix,
      job: spark.job,
    });
    const csvMaps = csvMapDelimiters().map(
      (delimiter) => new CsvMapWorkflow(this, delimiter, deployment, machineProps),
    );
    const intake = new Intake(this, 'intake', deployment, {
      ...surroundings,
      raw: zones.raw,
      etl,
      csvMaps,
    });

    const stream = new RecordStream(this, 'stream', deployment, { keyArn: keys.data });
    const streamIntake = new StreamIntake(this, 'stream-intake', deployment, {
      ...surroundings,
      stream,
      zones,
      folders,
    });
    const archive =
      optIns.streamArchive &&
      new StreamArchive(this, 'archive', deployment, {
        ...optIns.streamArchive,
        stream,
        raw: zones.raw,
        folders,
        dataKeyArn: keys.data,
        keyArn: keys.operations,
      });
    const { api: apiSettings, stream: streamSettings } = environment;
    const api =
      apiSettings !== null && 'datasetField' in streamSettings.records
        ? new HttpApi(this, 'api', deployment, {
            ...surroundings,
            ...apiSettings,
            ...streamSettings.records,
            stream,
            zones,
            folders,
          })
        : null;

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

    const failedRuns = new FailedRuns(this, 'failed-runs', deployment, {
      workflows: [etl, ...csvMaps].map(({ watched }) => watched),
      topicArn: topics.runs,
    });
    const watched = {
      functions: this.node.findAll().filter((each) => each instanceof LakeFunction),
      workflows: failedRuns.workflows,
      queueName: intake.queue.name,
      deadLettersName: intake.deadLetters.name,
      failedBatchesName: failedBatches.name,
      stream: {
        name: stream.name,
        consumer: streamIntake.ingestStream,
        deadLettersName: streamIntake.deadLetters.name,
      },
      apiId: api?.id ?? null,
      archive,
      spark: spark.watchedIn(etl.watched, topics.alarms),
    };
    const alarms = new Alarms(this, 'alarms', deployment, { ...watched, topicArn: topics.alarms });
    const dashboard = new Dashboard(this, 'dashboard', deployment, { ...watched, alarmArns: alarms.arns });
    if (optIns.budget !== null) {
      new Budget(this, 'budget', deployment, { ...optIns.budget, topicArn: topics.alarms });
    }

    const outputs = {
      raw_bucket: zones.raw.name,
      curated_bucket: zones.curated.name,
      stream_name: stream.name,
      ...(api === null ? {} : { api_url: api.url }),
      state_machine_arn: etl.arn,
      ...Object.fromEntries(
        csvMaps.map(({ delimiter, arn }) => [`csv_map_${delimiter.toLowerCase()}_state_machine_arn`, arn]),
      ),
      glue_database: catalogue.databaseName,
      alarm_topic_arn: topics.alarms,
      dashboard_url: dashboard.url,
    };
    for (const [name, value] of Object.entries(outputs)) new TerraformOutput(this, name, { value });
  }
}
