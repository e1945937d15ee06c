import { expect, test } from '@jest/globals';
import { createVirtualClock, loadDefinition, startExecution } from '../src/index.ts';

test('an execution gives the output of its last state', async () => {
  const machine = loadDefinition({ StartAt: 'Only', States: { Only: { Type: 'Pass', End: true } } });
  const execution = startExecution(machine, {
    name: 'first',
    input: { a: 1 },
    handlers: {},
    clock: createVirtualClock(),
  });
  expect(await execution.result).toMatchObject({ status: 'SUCCEEDED', output: { a: 1 } });
});
