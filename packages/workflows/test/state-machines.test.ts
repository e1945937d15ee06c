import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import aslValidator from 'asl-validator';
import {
  artefacts,
  exampleEmrServerless,
  exampleMapParts,
  exampleParts,
  exampleTables,
} from '../generate/artefacts.ts';
import type { Fail, LastTask, State, StateMachine, Task } from '../src/asl.ts';
import { csvMapDefinition, etlDefinition, refusalErrors } from '../src/index.ts';

const isNotification = (task: Task<string>): boolean => task.Resource.endsWith(':sns:publish');

const nextOf = (state: State<string>): readonly string[] => {
  switch (state.Type) {
    case 'Succeed':
    case 'Fail':
      return [];
    case 'Choice':
      return [...state.Choices.map((one) => one.Next), state.Default];
    case 'Task':
    case 'Map':
      return [state.Next, ...state.Catch.map((one) => one.Next)];
    case 'Pass':
    case 'Wait':
      return [state.Next];
  }
};

/** What can be asked of a state machine's graph. */
const graphOf = (machine: StateMachine) => {
  const states = Object.entries(machine.States);
  const stateOf = (name: string): State<string> => {
    const state = machine.States[name];
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
  /** The first states from here on that are not about the document only. */
  const afterChoices = (from: string): State<string>[] => {
    const state = stateOf(from);
    const isPassing = state.Type === 'Choice' || state.Type === 'Pass';
    return isPassing ? nextOf(state).flatMap(afterChoices) : [state];
  };
  const tasks = states.filter((one): one is [string, Task<string>] => one[1].Type === 'Task');
  return { states, stateOf, reachable, ends, afterChoices, tasks };
};

const etl = etlDefinition(exampleParts);
const csvMap = csvMapDefinition(exampleMapParts);

/** Where csv-map goes on when it is redriven, the rows' work being done; with the errors that would only come again. */
const redrivable = new Map([
  ['CollectMapRun', ['ReaderDisagreement', 'MapRunIncomplete', 'MixedParts', 'BrokenPart']],
  ['UpdateDataCatalog', ['LawViolation']],
]);

test('the state machines are those that were reviewed; after a change run `pnpm generate` and look at the difference', async () => {
  for (const { path, make } of await artefacts()) {
    expect(readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8')).toBe(await make());
  }
});

describe.each([
  ['etl', etl],
  ['etl with a table', etlDefinition(exampleTables)],
  ['etl on EMR Serverless', etlDefinition({ ...exampleParts, job: exampleEmrServerless })],
  ['csv-map', csvMap],
])('the state machine %s', (_machine, machine) => {
  const { states, stateOf, reachable, ends, afterChoices, tasks } = graphOf(machine);

  test('is valid Amazon States Language', () => {
    const result = aslValidator(JSON.parse(JSON.stringify(machine)));
    expect(result.errors).toEqual([]);
    expect(aslValidator({ ...machine, StartAt: 1 }).isValid).toBe(false);
  });

  test('reaches every state from its start', () => {
    const unreachable = states.map(([name]) => name).filter((name) => !reachable(machine.StartAt).has(name));
    expect(unreachable).toEqual([machine.StartAt]);
  });

  test('has no state from which there is no end', () => {
    for (const [name] of states) expect(ends(name)).not.toEqual([]);
  });

  describe.each(tasks)('the task %s', (name, task) => {
    test('gives up after a time', () => {
      expect(task.TimeoutSeconds).toBeGreaterThan(0);
      expect(task.TimeoutSeconds).toBeLessThan(machine.TimeoutSeconds);
    });

    test('retries with jitter, ever slower, up to a cap', () => {
      for (const retrier of task.Retry) {
        expect(retrier).toMatchObject({ JitterStrategy: 'FULL', BackoffRate: 2 });
        expect(retrier.MaxAttempts).toBeGreaterThan(0);
        expect(retrier.MaxDelaySeconds).toBeGreaterThan(retrier.IntervalSeconds);
      }
    });

    test('catches everything, or what no redrive mends, and keeps the document beside the error', () => {
      const errors = (machine === csvMap && redrivable.get(name)) || ['States.ALL'];
      expect(task.Catch.map(({ ErrorEquals, ResultPath }) => ({ ErrorEquals, ResultPath }))).toEqual([
        { ErrorEquals: errors, ResultPath: '$.error' },
      ]);
    });

    test('ends in failure when it fails, and somebody is told', () => {
      for (const { Next: handler } of task.Catch) {
        const failures = ends(handler).map((name) => stateOf(name).Type);
        expect(failures).toEqual(['Fail']);
        for (const told of afterChoices(handler)) {
          // Only a notification of a failure that cannot be sent has nobody left to tell.
          if (told.Type === 'Fail') expect(isNotification(task)).toBe(true);
          else expect(told.Type === 'Task' && isNotification(told)).toBe(true);
        }
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
      const failed = [
        'NotifyFailure',
        'QuarantineObject',
        'DiscoveryFailed',
        'DiscoveryTimedOut',
        'UnsuitedFormat',
      ];
      const here = failed.filter((name) => name in machine.States);
      expect(here.length).toBeGreaterThan(2);
      for (const name of here) expect(ends(name)).not.toContain('Succeeded');
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
});

const { stateOf, reachable } = graphOf(etl);

describe('the engine', () => {
  test('is chosen by size: DuckDB transforms what was scored, Spark what is then scored', () => {
    expect(stateOf('ChooseEngine')).toMatchObject({
      Choices: [{ NumericLessThanEquals: exampleParts.limits.lambdaMaxBytes, Next: 'RunDataQualityCheck' }],
      Default: 'RunETLJob',
    });
    expect(stateOf('RunETLJob')).toMatchObject({ ResultPath: '$.transform', Next: 'ScoreStagedRows' });
    expect(stateOf('TransformObject')).toMatchObject({ ResultPath: '$.transform' });
  });

  test('is Spark for the datasets that are named, whatever the size', () => {
    const { States } = etlDefinition({ ...exampleTables, sparkDatasets: ['orders', 'visits'] });
    expect(States.ChooseEngine).toMatchObject({
      Choices: [
        {
          Or: [
            { Variable: '$.dataset', StringEquals: 'orders' },
            { Variable: '$.dataset', StringEquals: 'visits' },
          ],
          Next: 'RunETLJob',
        },
        { NumericLessThanEquals: exampleParts.limits.lambdaMaxBytes },
      ],
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

describe('the Map over the rows of an object', () => {
  const map = csvMap.States.ProcessCsvRows;
  if (map?.Type !== 'Map') throw new Error('no Map');
  const { States, StartAt } = map.ItemProcessor;
  const child = Object.entries(States);

  test('tells of an object that cannot be read; of every other failure it can be redriven, being caught by nobody', () => {
    expect(map.Catch).toEqual([
      { ErrorEquals: ['States.ItemReaderFailed'], ResultPath: '$.error', Next: 'NotifyFailure' },
    ]);
  });

  test('reads the very version that arrived, and the one that is there where the bucket keeps no versions', () => {
    expect(map.ItemReader.Parameters).toMatchObject({ 'VersionId.$': '$.source.object.versionId' });
    expect(csvMap.States.LocateVersion).toMatchObject({
      Parameters: {
        'object.$': expect.stringMatching(/JsonMerge\(.*"versionId":"null".*, \$\.object, false\)/),
      },
      ResultPath: '$.source',
      Next: 'ProcessCsvRows',
    });
  });

  test('leaves other formats, and what is too large for its reader, to etl', () => {
    const { States: all } = csvMap;
    expect(all.CheckFormat).toMatchObject({
      Choices: [
        { Variable: '$.validation.result.gzipped', IsPresent: true, Next: 'UnsuitedFormat' },
        { Variable: '$.object.size', NumericGreaterThan: 10e9, Next: 'UnsuitedFormat' },
        { Variable: '$.validation.result.format', StringEquals: 'csv', Next: 'LocateVersion' },
      ],
      Default: 'UnsuitedFormat',
    });
  });

  test('gives each row its place in the object', () => {
    expect(map.ItemSelector).toEqual({ 'row.$': '$$.Map.Item.Index', 'cells.$': '$$.Map.Item.Value' });
  });

  test('handles a batch that failed for good, whatever the error, and is only then at its end', () => {
    expect(StartAt).toBe('ProcessRows');
    const [[, processing], [, recording]] = child as [[string, LastTask<string>], [string, LastTask<string>]];
    expect(processing.Catch).toEqual([
      { ErrorEquals: ['States.ALL'], ResultPath: '$.error', Next: 'RecordFailedRows' },
    ]);
    expect(recording.Parameters.Payload).toMatchObject({ 'error.$': '$.error.Error' });
    // Its own failure has to fail the child, or rows would go missing in silence.
    expect(recording.Catch).toBeUndefined();
  });

  test.each(child)(
    'keeps the rows out of the results: %s hands on its answer and nothing else',
    (_name, task) => {
      expect(task).toMatchObject({ ResultSelector: { 'result.$': '$.Payload' }, ResultPath: '$', End: true });
      expect(map.ResultWriter.WriterConfig).toEqual({ Transformation: 'COMPACT', OutputType: 'JSONL' });
    },
  );

  test.each(child)('retries what Lambda itself throws in %s, with jitter, up to a cap', (_name, task) => {
    for (const retrier of task.Retry) {
      expect(retrier).toMatchObject({ JitterStrategy: 'FULL', BackoffRate: 2 });
      expect(retrier.MaxDelaySeconds).toBeGreaterThan(retrier.IntervalSeconds);
    }
  });

  test.each(child)('gives whatever %s throws some more attempts, and sooner or later up', (_name, task) => {
    expect(task.Retry.at(-1)).toMatchObject({ ErrorEquals: ['States.TaskFailed'], MaxAttempts: 3 });
  });

  test('hands the whole of its run to each batch, and nothing but its place to whoever collects', () => {
    const parts = ['runId', 'dataset', 'asOf', 'object'].map((name) => `${name}.$`);
    expect(Object.keys(map.ItemBatcher.BatchInput)).toEqual(parts);
    const collect = csvMap.States.CollectMapRun;
    const payload = collect?.Type === 'Task' ? collect.Parameters.Payload : null;
    expect(Object.keys(payload ?? {})).toEqual([...parts, 'results']);
  });

  test('leaves room in a payload for what a failing task adds to a batch', () => {
    const tooLarge = { ...exampleMapParts.map, maxInputBytesPerBatch: 256 * 1024 };
    expect(() => csvMapDefinition({ ...exampleMapParts, map: tooLarge })).toThrow(RangeError);
  });
});
