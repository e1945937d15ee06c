import { EmrserverlessApplication } from '@cdktf/provider-aws/lib/emrserverless-application/index.js';
import type { SparkJob } from '@sluice/workflows';
import { Construct } from 'constructs';
import type { EmrServerlessSettings } from '../environments/spark.ts';
import type { Deployment } from './deployment.ts';
import { ServiceRole } from './role.ts';
import { executorSetting, type SparkFiles } from './spark-files.ts';
import type { WatchedSpark } from './watch.ts';

interface EmrServerlessProps extends EmrServerlessSettings {
  readonly files: SparkFiles;
  /** Encrypts the logs, which lie in the zones. */
  readonly dataKeyArn: string;
}

/** Spark 3.5.6 and Delta 3.3.2, as Glue 5.1 has: https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-7120-release.html */
const releaseLabel = 'emr-7.12.0';

/** Of the image, since the release's own is older than the program. */
const python = '/usr/bin/python3.11';

/** https://docs.aws.amazon.com/emr/latest/EMR-Serverless-UserGuide/using-delta-lake.html */
const deltaJars = ['delta-spark', 'delta-storage'].map((name) => `/usr/share/aws/delta/lib/${name}.jar`);

/**
 * The application `<prefix>-transform-spark-emr` of EMR Serverless, which takes the place of the Glue job, and the role of its
 * runs. It has no workers while nobody needs one, and then costs nothing.
 */
export class EmrServerless extends Construct {
  readonly applicationId: string;
  readonly job: SparkJob;

  constructor(scope: Construct, id: string, deployment: Deployment, props: EmrServerlessProps) {
    super(scope, id);
    const { files } = props;
    const role = new ServiceRole(this, id, deployment, {
      description: 'Stages the rows of an object that is too large for a Lambda',
      service: 'emr-serverless.amazonaws.com',
      may: files.may,
    });
    const application = new EmrserverlessApplication(this, 'application', {
      name: deployment.nameOf(id),
      type: 'spark',
      releaseLabel,
      architecture: props.architecture === 'arm64' ? 'ARM64' : 'X86_64',
      imageConfiguration: { imageUri: props.imageUri },
      maximumCapacity: {
        cpu: `${props.maxCpus} vCPU`,
        memory: `${props.maxMemoryGb} GB`,
        disk: `${props.maxDiskGb} GB`,
      },
      autoStartConfiguration: { enabled: true },
      autoStopConfiguration: { enabled: true, idleTimeoutMinutes: props.idleMinutes },
      dependsOn: [role.policy, ...files.objects],
    });
    this.applicationId = application.id;
    const settings = {
      'spark.submit.pyFiles': files.package,
      'spark.emr-serverless.driverEnv.PYSPARK_DRIVER_PYTHON': python,
      'spark.emr-serverless.driverEnv.PYSPARK_PYTHON': python,
      'spark.executorEnv.PYSPARK_PYTHON': python,
      // Beyond what a worker has by itself: duplicates are found on disk.
      'spark.emr-serverless.executor.disk': '100G',
      ...(files.needsDelta ? { 'spark.jars': deltaJars.join(',') } : {}),
    };
    this.job = {
      kind: 'emr-serverless',
      applicationId: this.applicationId,
      roleArn: role.arn,
      entryPoint: files.script,
      arguments: Object.entries(files.arguments).flat(),
      sparkSubmitParameters: [
        executorSetting,
        ...Object.entries(settings).map(([name, value]) => `${name}=${value}`),
      ]
        .map((setting) => `--conf ${setting}`)
        .join(' '),
      logs: { uri: files.eventLogs, keyArn: props.dataKeyArn },
      timeoutSeconds: deployment.environment.spark.timeoutMinutes * 60,
    };
  }

  watchedIn(): WatchedSpark {
    return { kind: 'emr-serverless', applicationId: this.applicationId };
  }
}
