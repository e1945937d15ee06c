import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { datasets } from '@sluice/datasets';
import { systemPython } from '@sluice/scripts/python-env';
import { sparkProgram } from '@sluice/transform-spark/env';
import { dev } from '../src/environments/dev.ts';
import { prod } from '../src/environments/prod.ts';
import { sparkCode } from '../src/spark-program.ts';
import { everythingOn } from './everything-on.ts';
import { at, type Resource, resources, type StackJson, stackOf } from './synthesized.ts';

const code = sparkCode();
const only = (stack: StackJson, type: string): Resource => {
  const [found, ...others] = resources(stack, type);
  if (!found || others.length > 0) throw new Error(`not one ${type}`);
  return found;
};
const scripts = `s3://\${aws_s3_bucket.zones_scripts_bucket.bucket}`;
const folder = `${scripts}/transform-spark/${code.id}/`;

describe('what is uploaded for Spark', () => {
  test('is the script, the package, and a plan for each dataset', () => {
    expect(code.files.map(({ path }) => path).sort()).toEqual(
      ['job.py', 'transform_spark.zip', ...[...datasets.keys()].map((name) => `plans/${name}.json`)].sort(),
    );
  });

  test('lies under keys that stand for all of its bytes, and is there before the old is taken away', () => {
    const objects = resources(stackOf(dev), 'aws_s3_object').map(({ body }) => body);
    expect(objects.map(({ key }) => key).sort()).toEqual(
      code.files.map(({ path }) => `transform-spark/${code.id}/${path}`).sort(),
    );
    for (const body of objects) {
      expect(at(body.lifecycle, 'create_before_destroy')).toBe(true);
      // Else it would be under S3's own key, and without a version.
      expect(body.depends_on).toEqual([
        'aws_s3_bucket_versioning.zones_scripts_versioning',
        'aws_s3_bucket_server_side_encryption_configuration.zones_scripts_encryption',
      ]);
    }
  });

  const python = systemPython();
  (python === null ? test.skip : test)('has in its package every module, where Python finds it', () => {
    const here = mkdtempSync(join(tmpdir(), 'sluice-spark-package-'));
    try {
      const zip = join(here, 'transform_spark.zip');
      writeFileSync(zip, code.files.find(({ path }) => path === 'transform_spark.zip')?.content ?? '');
      const list = 'import sys, zipfile; print("\\n".join(zipfile.ZipFile(sys.argv[1]).namelist()))';
      const names = execFileSync(String(python), ['-c', list, zip], { encoding: 'utf8' }).trim().split('\n');
      const modules = readdirSync(sparkProgram.package, { recursive: true, encoding: 'utf8' });
      expect(names.sort()).toEqual(
        modules
          .filter((name) => name.endsWith('.py'))
          .map((name) => `transform_spark/${name}`)
          .sort(),
      );
      expect(names).toContain('transform_spark/main.py');
    } finally {
      rmSync(here, { recursive: true });
    }
  });

  test('has the script as it is', () => {
    const script = code.files.find(({ path }) => path === 'job.py')?.content ?? new Uint8Array();
    expect(Buffer.from(script).equals(readFileSync(sparkProgram.script))).toBe(true);
  });
});

describe('the Glue job', () => {
  const { body } = only(stackOf(prod), 'aws_glue_job');

  test('runs the script on Spark 3.5 as large as its environment says, once', () => {
    expect(body).toMatchObject({
      glue_version: '5.1',
      command: { name: 'glueetl', python_version: '3', script_location: `${folder}job.py` },
      worker_type: prod.spark.workerType,
      number_of_workers: prod.spark.workers,
      timeout: prod.spark.timeoutMinutes,
      execution_property: { max_concurrent_runs: prod.spark.maxConcurrentRuns },
      max_retries: 0,
    });
  });

  test('is told where its files lie and what Glue is to do around it; the state machine tells it the run alone', () => {
    expect(body.default_arguments).toEqual({
      '--plans': `${folder}plans/`,
      '--curated-bucket': `\${aws_s3_bucket.zones_curated_bucket.bucket}`,
      '--extra-py-files': `${folder}transform_spark.zip`,
      '--conf': 'spark.executor.extraJavaOptions=-Xss64m',
      '--job-language': 'python',
      '--job-bookmark-option': 'job-bookmark-disable',
      '--enable-auto-scaling': 'true',
      '--enable-metrics': 'true',
      '--enable-observability-metrics': 'true',
      '--enable-spark-ui': 'true',
      '--spark-event-logs-path': `${scripts}/spark-logs/`,
      ...(code.needsDelta ? { '--datalake-formats': 'delta' } : {}),
    });
    const machine = resources(stackOf(prod), 'aws_sfn_state_machine').find(
      ({ body: { name } }) => name === 'sluice-prod-etl',
    );
    const { RunETLJob } = JSON.parse(String(machine?.body.definition)).States;
    expect(Object.keys(RunETLJob.Parameters.Arguments)).toEqual(['--run.$']);
    expect(RunETLJob.Parameters.JobName).toBe(body.name);
    // Step Functions waits for longer than Glue lets it run.
    expect(RunETLJob.TimeoutSeconds).toBeGreaterThan(Number(body.timeout) * 60);
  });

  test('leaves event logs that go by themselves', () => {
    const lifecycle = resources(stackOf(prod), 'aws_s3_bucket_lifecycle_configuration').find(
      ({ name }) => name === 'zones_scripts_lifecycle',
    );
    expect(lifecycle?.body.rule).toContainEqual(
      expect.objectContaining({
        filter: [{ prefix: 'spark-logs/' }],
        expiration: [{ days: prod.retention.logDays }],
      }),
    );
  });

  test('is not there where EMR Serverless takes its place', () => {
    expect(resources(stackOf(everythingOn), 'aws_glue_job')).toEqual([]);
  });
});

describe('the application of EMR Serverless', () => {
  const { body } = only(stackOf(everythingOn), 'aws_emrserverless_application');
  const machine = resources(stackOf(everythingOn), 'aws_sfn_state_machine').find(
    ({ body: { name } }) => name === 'sluice-prod-etl',
  );
  const { RunETLJob } = JSON.parse(String(machine?.body.definition)).States;

  test('keeps nothing ready, and stops by itself', () => {
    expect(body.initial_capacity).toBeUndefined();
    expect(body.auto_stop_configuration).toEqual({ enabled: true, idle_timeout_minutes: 15 });
    expect(body.maximum_capacity).toEqual({ cpu: '64 vCPU', memory: '256 GB', disk: '1000 GB' });
  });

  test('runs the same files as the Glue job would', () => {
    const { EntryPoint, SparkSubmitParameters, ...told } = RunETLJob.Parameters.JobDriver.SparkSubmit;
    expect(EntryPoint).toBe(`${folder}job.py`);
    expect(SparkSubmitParameters).toContain(`--conf spark.submit.pyFiles=${folder}transform_spark.zip`);
    expect(told['EntryPointArguments.$']).toContain(`'--plans', '${folder}plans/'`);
  });

  test('writes its logs under the key of the data, and nowhere else', () => {
    expect(RunETLJob.Parameters.ConfigurationOverrides.MonitoringConfiguration).toEqual({
      ManagedPersistenceMonitoringConfiguration: { Enabled: false },
      S3MonitoringConfiguration: {
        LogUri: `${scripts}/spark-logs/`,
        EncryptionKeyArn: `\${aws_kms_key.keys_data_key.arn}`,
      },
    });
  });
});
