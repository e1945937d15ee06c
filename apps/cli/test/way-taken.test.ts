import { expect, test } from '@jest/globals';
import type { HistoryEvent } from '@sluice/local-stepfunctions';
import { wayTaken } from '../src/report/way-taken.ts';
import { etlMachine } from '../src/run/etl-machine.ts';

const seconds = (
  at: number,
  event: Omit<HistoryEvent, 'id' | 'previousEventId' | 'timestamp'>,
): HistoryEvent => ({
  id: at,
  previousEventId: at - 1,
  timestamp: new Date(at * 1000),
  ...event,
});
const whole = { truncated: false } as const;

test.each([
  ['was killed', []],
  ['was stopped', [seconds(3, { type: 'ExecutionAborted', executionAbortedEventDetails: {} })]],
])('the time between the end of a process that %s and a redrive is no time of a state', (_how, end) => {
  const way = wayTaken(etlMachine(), [
    seconds(1, {
      type: 'TaskStateEntered',
      stateEnteredEventDetails: { name: 'ValidateInput', input: '{}', inputDetails: whole },
    }),
    seconds(3, { type: 'TaskStarted' }),
    ...end,
    seconds(1000, { type: 'ExecutionRedriven', executionRedrivenEventDetails: { redriveCount: 1 } }),
    seconds(1004, {
      type: 'TaskStateExited',
      stateExitedEventDetails: { name: 'ValidateInput', output: '{}', outputDetails: whole },
    }),
  ]);
  expect(way.get('ValidateInput')).toMatchObject({ visits: 1, milliseconds: 6000 });
});
