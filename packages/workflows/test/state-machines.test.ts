import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import aslValidator from 'asl-validator';
import { artefacts, exampleParts } from '../generate/artefacts.ts';
import type { Fail, State, Task } from '../src/asl.ts';
import { etlDefinition, refusalErrors } from '../src/index.ts';

const etl = etlDefinition(exampleParts);
const states = Object.entries(etl.States);
const tasks = states.filter((one): one is [string, Task<string>] => one[1].Type === 'Task');
const isNotification = (task: Task<string>): boolean => task.Resource.endsWith(':sns:publish');

const nextOf = (state: State<string>): readonly string[] => {
  switch (state.Type) {
    case 'Succeed':
    case 'Fail':
      return [];
    case 'Choice':
      return [...state.Choices.map((one) => one.Next), state.Default];
    case 'Task':
      return [state.Next, ...state.Catch.map((one) => one.Next)];
    case 'Pass':
    case 'Wait':
      return [state.Next];
  }
};
const stateOf = (name: string): State<string> => {
  const state = etl.States[name];
  if (!state) throw new Error(`no state ${name}`);
  return state;
};
/** Every state that can follow, sooner or later. */
const reachable = (from: string, seen = new Set<string>()): Set<string> => {
  for (const next of nextOf(stateOf(from))) {
    if (seen.has(next)) continue;
    seen.add(next);
    reachable(next, seen);
  }
  return seen;
};
const ends = (from: string): string[] =>
  [from, ...reachable(from)].filter((name) => nextOf(stateOf(name)).length === 0);

describe('the etl state machine', () => {
  test('is valid Amazon States Language', () => {
    const result = aslValidator(JSON.parse(JSON.stringify(etl)));
    expect(result.errors).toEqual([]);
    expect(aslValidator({ ...etl, StartAt: 1 }).isValid).toBe(false);
  });

  test('is the one that was reviewed; after a change run `pnpm generate` and look at the difference', async () => {
    for (const { path, make } of await artefacts()) {
      expect(readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8')).toBe(await make());
    }
  });

  test('reaches every state from its start', () => {
    const unreachable = states.map(([name]) => name).filter((name) => !reachable(etl.StartAt).has(name));
    expect(unreachable).toEqual([etl.StartAt]);
  });

  test('has no state from which there is no end', () => {
    for (const [name] of states) expect(ends(name)).not.toEqual([]);
  });
});

describe.each(tasks)('the task %s', (_name, task) => {
  test('gives up after a time', () => {
    expect(task.TimeoutSeconds).toBeGreaterThan(0);
    expect(task.TimeoutSeconds).toBeLessThan(etl.TimeoutSeconds);
  });

  test('retries with jitter, ever slower, up to a cap', () => {
    for (const retrier of task.Retry) {
      expect(retrier).toMatchObject({ JitterStrategy: 'FULL', BackoffRate: 2 });
      expect(retrier.MaxAttempts).toBeGreaterThan(0);
      expect(retrier.MaxDelaySeconds).toBeGreaterThan(retrier.IntervalSeconds);
    }
  });

  test('catches everything and keeps the document beside the error', () => {
    expect(task.Catch.map(({ ErrorEquals, ResultPath }) => ({ ErrorEquals, ResultPath }))).toEqual([
      { ErrorEquals: ['States.ALL'], ResultPath: '$.error' },
    ]);
  });

  test('ends in failure when it fails, and somebody is told', () => {
    for (const { Next: handler } of task.Catch) {
      const failures = ends(handler).map((name) => stateOf(name).Type);
      expect(failures).toEqual(['Fail']);
      const told = stateOf(handler);
      // Only a notification of a failure that cannot be sent has nobody left to tell.
      if (told.Type === 'Fail') expect(isNotification(task)).toBe(true);
      else expect(told.Type === 'Task' && isNotification(told)).toBe(true);
    }
  });
});

describe('a failed run', () => {
  const failures = states.filter((one): one is [string, Fail] => one[1].Type === 'Fail');

  test.each(failures)('that ends in %s has been reported, and carries its cause', (name, fail) => {
    const before = states.filter(([, state]) => nextOf(state).includes(name)).map(([, state]) => state);
    expect(before).not.toEqual([]);
    for (const state of before) expect(state.Type === 'Task' && isNotification(state)).toBe(true);
    expect(fail.CausePath).toMatch(/\$\.(error|rejection\.result\.message)/);
  });

  test('never ends in success', () => {
    for (const failed of ['NotifyFailure', 'QuarantineObject', 'DiscoveryFailed', 'DiscoveryTimedOut']) {
      expect(ends(failed)).not.toContain('Succeeded');
    }
  });

  test('tells which object, why, and where to look next', () => {
    for (const [name, task] of tasks) {
      if (!isNotification(task)) continue;
      const message = String(task.Parameters['Message.$']);
      expect(message).toContain('$.object.key');
      expect(message).toMatch(
        /s3 cp s3:\/\/\{\}\/\{\} -'.*manifest\.bucket, .*manifest\.key|Next: docs\/runbooks\//s,
      );
      if (name !== 'NotifySuccess') expect(message).toContain('Why: {}');
    }
  });
});

test('a refused object ends in an error of its own, and nothing else does', () => {
  const failures = states.flatMap(([name, state]) =>
    state.Type === 'Fail' ? [{ name, error: state.Error }] : [],
  );
  const refusals = failures.filter(({ name }) => ends('CheckRejection').includes(name));
  expect(refusals.map(({ error }) => error).sort()).toEqual(Object.values(refusalErrors).sort());
  const others = failures.filter((failure) => !refusals.includes(failure)).map(({ error }) => error);
  expect(others).toEqual(['PipelineFailed']);
});

describe('notifications', () => {
  test('have subjects that SNS takes, whatever the run', () => {
    for (const [, task] of tasks.filter(([, one]) => isNotification(one))) {
      const [, text = ''] =
        /^States\.Format\('(.*)', \$\.runId\)$/.exec(String(task.Parameters['Subject.$'])) ?? [];
      expect(text.replace('{}', 'x'.repeat(80))).toMatch(/^[\x21-\x7e][\x20-\x7e]{0,99}$/);
    }
  });

  test('can be filtered by outcome and dataset', () => {
    for (const [, { Parameters }] of tasks.filter(([, one]) => isNotification(one))) {
      const [, outcome] = /Sluice (\w+):/.exec(String(Parameters['Subject.$'])) ?? [];
      expect(Parameters.MessageAttributes).toEqual({
        outcome: { DataType: 'String', StringValue: outcome },
        dataset: { DataType: 'String', 'StringValue.$': '$.dataset' },
      });
    }
  });
});

describe('the size of an object', () => {
  test('chooses between the Lambda engine and Spark, whose results have one shape', () => {
    const choice = stateOf('ChooseEngine');
    expect(choice).toMatchObject({
      Choices: [{ NumericLessThanEquals: exampleParts.limits.lambdaMaxBytes, Next: 'TransformObject' }],
      Default: 'RunETLJob',
    });
    expect(stateOf('RunETLJob')).toMatchObject({ ResultPath: '$.transform', Next: 'UpdateDataCatalog' });
    expect(stateOf('TransformObject')).toMatchObject({
      ResultPath: '$.transform',
      Next: 'UpdateDataCatalog',
    });
  });
});

describe('discovery', () => {
  test('waits for its turn while the crawler runs for somebody else', () => {
    const start = stateOf('RunDataDiscovery');
    expect(start.Type === 'Task' && start.Retry[0].ErrorEquals).toEqual(['Glue.CrawlerRunningException']);
  });

  test('looks again while the crawler is neither READY nor out of time', () => {
    expect(stateOf('IsCrawlerComplete')).toMatchObject({ Default: 'CountCrawlerCheck' });
    expect(reachable('CountCrawlerCheck')).toContain('IsCrawlerComplete');
  });
});
