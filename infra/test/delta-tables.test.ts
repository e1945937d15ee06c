import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { datasets } from '@sluice/datasets';
import { defineDataset, text } from '@sluice/record-schema';
import { App } from 'cdktf';
import { dev } from '../src/environments/dev.ts';
import { LakeStack } from '../src/lake-stack.ts';
import { sparkCode } from '../src/spark-program.ts';
import { parseStack, type StackJson } from '../src/stack-json.ts';
import { everythingOn } from './everything-on.ts';
import { resources, statementsOf } from './synthesized.ts';

const accounts = defineDataset({
  name: 'accounts',
  key: ['id'],
  target: { format: 'delta' },
  fields: { id: text({ required: true }) },
});
const known: unknown = datasets;
if (!(known instanceof Map)) throw new Error('the datasets are no map to add to');

const folder = mkdtempSync(join(tmpdir(), 'sluice-delta-'));
const code = { ...sparkCode(), needsDelta: true };
const newApp = () => new App({ outdir: folder, skipValidation: false });

beforeAll(() => {
  known.set(accounts.name, accounts);
});
afterAll(() => {
  known.delete(accounts.name);
  rmSync(folder, { recursive: true, force: true });
});

describe('a lake with a Delta table', () => {
  let stack: StackJson;
  beforeAll(() => {
    const app = newApp();
    new LakeStack(app, dev, code);
    app.synth();
    stack = parseStack(readFileSync(join(folder, 'stacks', dev.name, 'cdk.tf.json'), 'utf8'));
  }, 120_000);

  const job = (name: string) =>
    resources(stack, 'aws_glue_job').find(({ body }) => body.name === name)?.body ?? {};

  test('merges by a job of the same program, of which one run at a time is under way', () => {
    const [stage, merge] = [job('sluice-dev-transform-spark'), job('sluice-dev-merge-spark')];
    expect(merge.execution_property).toEqual({ max_concurrent_runs: 1 });
    for (const setting of [
      'command',
      'role_arn',
      'default_arguments',
      'max_retries',
      'security_configuration',
    ])
      expect(merge[setting]).toEqual(stage[setting]);
    expect(merge.default_arguments).toMatchObject({ '--datalake-formats': 'delta' });
  });

  test('starts that job from the state machine, which may', () => {
    const machine = resources(stack, 'aws_sfn_state_machine').find(
      ({ body }) => body.name === 'sluice-dev-etl',
    )?.body;
    const { MergeTable, RetractRows } = JSON.parse(String(machine?.definition)).States;
    expect([MergeTable.Parameters.JobName, RetractRows.Parameters.JobName]).toEqual([
      'sluice-dev-merge-spark',
      'sluice-dev-merge-spark',
    ]);
    const may = resources(stack, 'aws_iam_role_policy').flatMap(({ body }) => statementsOf(body.policy));
    const starting = may.filter(({ Action }) => JSON.stringify(Action).includes('glue:StartJobRun'));
    expect(JSON.stringify(starting)).toContain('job/sluice-dev-merge-spark');
  });

  test('lets the job write to the tables, and nobody else', () => {
    const writers = resources(stack, 'aws_iam_role_policy').filter(({ body }) =>
      statementsOf(body.policy).some(
        (one) =>
          JSON.stringify(one.Action).includes('s3:PutObject') &&
          JSON.stringify(one.Resource).includes('/tables/*'),
      ),
    );
    expect(writers.map(({ name }) => name)).toEqual(['transform_spark_transform_spark_policy']);
  });

  test('lists the table in the catalogue by its place, without partitions and without a view beside it', () => {
    const tables = resources(stack, 'aws_glue_catalog_table').map(({ body }) => body);
    const found = tables.find(({ name }) => name === 'accounts');
    expect(found).toMatchObject({
      parameters: { table_type: 'DELTA' },
      storage_descriptor: { location: expect.stringMatching(/\/tables\/accounts\/$/) },
    });
    expect(found?.partition_keys ?? []).toEqual([]);
    expect(tables.map(({ name }) => name)).not.toContain('accounts_unique');
  });
});

test('a Delta table is refused on EMR Serverless, where nothing keeps two merges apart', () => {
  expect(() => new LakeStack(newApp(), everythingOn, code)).toThrow('nothing keeps two merges apart');
});
