import { describe, expect, test } from '@jest/globals';
import {
  createVirtualClock,
  type Json,
  loadDefinition,
  startExecution,
  TaskError,
} from '@sluice/local-stepfunctions';
import { exampleEmrServerless, exampleParts, exampleTables } from '../generate/artefacts.ts';
import { type EtlParts, etlDefinition } from '../src/index.ts';

const run = {
  runId: 'accounts-3f9a1c07d2e84b56',
  dataset: 'accounts',
  asOf: '2026-11-21T14:00:00Z',
  object: { bucket: 'raw', key: 'incoming/accounts/small.csv', size: 12, etag: '9b2cf535f2' },
};

interface Scene {
  readonly dataset?: string;
  readonly valid?: boolean;
  readonly passed?: boolean;
  readonly merge?: (attempt: number) => void;
}

/** The way that an object takes: the steps and the jobs, in their order. */
const wayOf = async ({ dataset = 'accounts', valid = true, passed = true, merge }: Scene) => {
  const way: string[] = [];
  const told: string[] = [];
  let merges = 0;
  const answers: Readonly<Record<string, Json>> = {
    'validate-object': { valid, headerKnown: true },
    'score-quality': { passed, score: 91.5 },
    'transform-object': { engine: 'duckdb' },
    'publish-run': {
      gate: valid ? 'quality' : 'validation',
      code: 'why',
      message: 'why',
      counts: { rowsIn: 1, accepted: 1, filtered: 0, duplicates: 0, quarantined: 0 },
      manifest: { bucket: 'curated', key: 'runs/accounts/1.json' },
    },
  };
  const execution = startExecution(loadDefinition(etlDefinition(exampleTables)), {
    name: run.runId,
    input: { ...run, dataset },
    clock: createVirtualClock(Date.parse(run.asOf)),
    random: () => 1,
    handlers: {
      'lambda:invoke': async (input) => {
        const [, step = ''] = /function:sluice-([a-z-]+)/.exec(JSON.stringify(input)) ?? [];
        const [, action] = /"action":"([a-z]+)"/.exec(JSON.stringify(input)) ?? [];
        way.push(action ?? step);
        return { Payload: answers[step] ?? null };
      },
      'glue:startJobRun.sync': async (input) => {
        const [, job] = /"JobName":"([^"]+)"/.exec(JSON.stringify(input)) ?? [];
        const [, step = 'stage'] = /"--step":"([^"]+)"/.exec(JSON.stringify(input)) ?? [];
        way.push(`${job} ${step}`);
        if (step === 'merge') {
          merges += 1;
          merge?.(merges);
        }
        return {};
      },
      'aws-sdk:glue:startCrawler': async () => ({}),
      'aws-sdk:glue:getCrawler': async () => ({}),
      'sns:publish': async (input) => {
        told.push(JSON.stringify(input));
        return {};
      },
    },
  });
  const { status } = await execution.result;
  return { way, told, status };
};

describe('an object whose dataset has a table', () => {
  test('goes to Spark however small it is, and behind the gate into the table before it is published', async () => {
    const { way, status } = await wayOf({});
    expect(way).toEqual([
      'validate-object',
      'sluice-transform stage',
      'score-quality',
      'sluice-merge merge',
      'publish',
    ]);
    expect(status).toBe('SUCCEEDED');
  });

  test.each([
    ['by its validation', { valid: false }, ['validate-object']],
    ['by its quality', { passed: false }, ['validate-object', 'sluice-transform stage', 'score-quality']],
  ])(
    'and that is refused %s has its rows taken back before that is recorded',
    async (_why, scene, before) => {
      const { way, status } = await wayOf(scene);
      expect(way).toEqual([...before, 'sluice-merge retract', 'reject']);
      expect(status).toBe('FAILED');
    },
  );

  test('waits while another run is merged', async () => {
    const { way, status } = await wayOf({
      merge: (attempt) => {
        if (attempt < 100) throw new TaskError('Glue.ConcurrentRunsExceededException', 'one at a time');
      },
    });
    expect(status).toBe('SUCCEEDED');
    expect(way.filter((step) => step === 'sluice-merge merge')).toHaveLength(100);
  });

  test('is not published if its merge fails, and what the job says is told', async () => {
    const jobRun = {
      Attempt: 0,
      Id: 'jr_21e3',
      JobName: 'sluice-merge',
      JobRunState: 'FAILED',
      ErrorMessage: 'LawBroken',
    };
    const { way, told } = await wayOf({
      merge: () => {
        throw new TaskError('States.TaskFailed', JSON.stringify(jobRun));
      },
    });
    expect(way.at(-1)).toBe('sluice-merge merge');
    expect(told).toEqual([expect.stringContaining('LawBroken (job run jr_21e3 is FAILED')]);
  });
});

test('an object of another dataset goes its way without a table', async () => {
  expect((await wayOf({ dataset: 'orders' })).way).toEqual([
    'validate-object',
    'score-quality',
    'transform-object',
    'publish',
  ]);
  expect((await wayOf({ dataset: 'orders', passed: false })).way).toEqual([
    'validate-object',
    'score-quality',
    'reject',
  ]);
});

describe('a table is refused', () => {
  test.each<[string, EtlParts['job'], string]>([
    ['on EMR Serverless', exampleEmrServerless, 'nothing keeps two merges apart'],
    ['without a job that merges', exampleParts.job, 'the job has no mergeName'],
  ])('%s', (_where, job, why) => {
    expect(() => etlDefinition({ ...exampleTables, job })).toThrow(why);
  });
});
