import { expect, test } from '@jest/globals';
import { exampleMapParts } from '../generate/artefacts.ts';
import { defineItemProcessor, defineStateMachine } from '../src/asl.ts';
import { csvMapDefinition } from '../src/csv-map.ts';
import { caughtBy, crawlerRetries, lambdaTask, lastLambdaTask, notifyTask } from '../src/tasks.ts';

// `pnpm typecheck` is the test here: each of these must not compile, or its @ts-expect-error is an error itself.
const machine = { Comment: 'c', StartAt: 'A', TimeoutSeconds: 1 } as const;
const fn = { arn: 'arn:aws:lambda:eu-central-1:1:function:f', timeoutSeconds: 1 };

test('a state that is not there does not compile, wherever it is named', () => {
  const wrong = [
    // @ts-expect-error StartAt names no state
    defineStateMachine({ ...machine, StartAt: 'B', States: { A: { Type: 'Succeed' } } }),
    defineStateMachine({
      ...machine,
      // @ts-expect-error Next names no state
      States: { A: { Type: 'Wait', Seconds: 1, Next: 'B' } },
    }),
    defineStateMachine({
      ...machine,
      States: {
        A: {
          Type: 'Choice',
          // @ts-expect-error a choice leads nowhere
          Choices: [{ Variable: '$.x', BooleanEquals: true, Next: 'B' }],
          Default: 'A',
        },
      },
    }),
    defineStateMachine({
      ...machine,
      States: {
        // @ts-expect-error the default leads nowhere
        A: { Type: 'Choice', Choices: [{ Variable: '$.x', IsPresent: true, Next: 'A' }], Default: 'B' },
      },
    }),
    defineStateMachine({
      ...machine,
      States: {
        // @ts-expect-error the catch leads nowhere
        A: lambdaTask({ comment: '', function: fn, payload: {}, resultPath: '$.a', next: 'A', onError: 'B' }),
      },
    }),
  ];
  expect(wrong).toHaveLength(5);
});

test('a task without its timeout, retries or catch does not compile', () => {
  const task = {
    Type: 'Task',
    Resource: 'arn:aws:states:::lambda:invoke',
    Parameters: {},
    ResultPath: null,
    TimeoutSeconds: 1,
    Retry: crawlerRetries,
    Catch: caughtBy('B'),
    Next: 'B',
  } as const;
  const { TimeoutSeconds: _timeout, ...endless } = task;
  const { Retry: _retry, ...impatient } = task;
  const { Catch: _catch, ...careless } = task;
  const B = { Type: 'Succeed' } as const;
  const lossy = { ...task.Catch[0], ResultPath: '$' } as const;
  const machines = [
    defineStateMachine({ ...machine, States: { A: task, B } }),
    // @ts-expect-error no TimeoutSeconds
    defineStateMachine({ ...machine, States: { A: endless, B } }),
    // @ts-expect-error no Retry
    defineStateMachine({ ...machine, States: { A: impatient, B } }),
    // @ts-expect-error no Catch
    defineStateMachine({ ...machine, States: { A: careless, B } }),
    // @ts-expect-error an error that replaces the document
    defineStateMachine({ ...machine, States: { A: { ...task, Catch: [lossy] }, B } }),
    // @ts-expect-error a computed name with a plain value
    defineStateMachine({ ...machine, States: { A: { ...task, Parameters: { 'Name.$': 'orders' } }, B } }),
  ];
  expect(machines).toHaveLength(6);
});

test('a batch whose states do not end it, or lead nowhere, does not compile', () => {
  const processor = {
    ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
    StartAt: 'A',
  } as const;
  const part = { comment: '', function: fn, payload: {} };
  const endless = lambdaTask({ ...part, resultPath: '$.a', next: 'A', onError: 'A' });
  const processors = [
    defineItemProcessor({ ...processor, States: { A: lastLambdaTask(part) } }),
    // @ts-expect-error the catch leads nowhere
    defineItemProcessor({ ...processor, States: { A: lastLambdaTask({ ...part, onError: 'B' }) } }),
    // @ts-expect-error StartAt names no state
    defineItemProcessor({ ...processor, StartAt: 'B', States: { A: lastLambdaTask(part) } }),
    // @ts-expect-error the task goes on, and keeps the rows
    defineItemProcessor({ ...processor, States: { A: endless } }),
  ];
  expect(processors).toHaveLength(4);
});

test('a Map without its catch does not compile', () => {
  const map = csvMapDefinition(exampleMapParts).States.ProcessCsvRows;
  if (map?.Type !== 'Map') throw new Error('no Map');
  const { Catch: _catch, ...careless } = { ...map, Next: 'B' } as const;
  const B = { Type: 'Succeed' } as const;
  const machines = [
    // @ts-expect-error no Catch
    defineStateMachine({ ...machine, States: { A: careless, B } }),
  ];
  expect(machines).toHaveLength(1);
});

test.each([
  ['a quote', "it's"],
  ['a backslash', 'C:\\'],
  ['an open brace', 'a { b'],
  ['a placeholder without a value', 'a {} b {}'],
])('a notification with %s, which States.Format would trip over, is refused', (_what, line) => {
  const make = () =>
    notifyTask({ topicArn: 'arn:t', outcome: 'failed', lines: [[line, '$.runId']], next: 'A', onError: 'A' });
  expect(make).toThrow(/States\.Format|values/);
});
