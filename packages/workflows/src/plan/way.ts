import type { FunctionName } from './settings.ts';

/** A state on the way of an object that is published. */
export interface Step {
  readonly state: string;
  /** A Task invokes a function or publishes to the topic; the others cost a transition and nothing else. */
  readonly type: 'Task' | 'Choice' | 'Pass' | 'Map' | 'Succeed';
  readonly function?: FunctionName;
}

/** Of `csv-map`. A test holds it to the definition. */
export const csvMapWay: { readonly parent: readonly Step[]; readonly child: readonly Step[] } = {
  parent: [
    { state: 'ValidateInput', type: 'Task', function: 'validateObject' },
    { state: 'CheckValidation', type: 'Choice' },
    { state: 'CheckFormat', type: 'Choice' },
    { state: 'LocateVersion', type: 'Pass' },
    { state: 'ProcessCsvRows', type: 'Map' },
    { state: 'CollectMapRun', type: 'Task', function: 'collectMapRun' },
    { state: 'CheckDataQuality', type: 'Choice' },
    { state: 'UpdateDataCatalog', type: 'Task', function: 'publishRun' },
    { state: 'NotifySuccess', type: 'Task' },
    { state: 'Succeeded', type: 'Succeed' },
  ],
  child: [{ state: 'ProcessRows', type: 'Task', function: 'processRows' }],
};

/**
 * How many events a state leaves in a history if it succeeds at once. A Task: entered, scheduled, started, succeeded,
 * exited. A distributed Map: entered, started, MapRunStarted, MapRunSucceeded, succeeded, exited; its children's events
 * are in histories of their own. https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html
 */
const eventsOf = { Task: 5, Choice: 2, Pass: 2, Map: 6, Succeed: 2 } as const;

/** With the execution's own beginning and end. */
export const historyEvents = (way: readonly Step[]): number =>
  2 + way.reduce((sum, { type }) => sum + eventsOf[type], 0);

/** A Task that waits for a job has one event more: submitted. */
export const eventsOfSync = 1;

/** Of an attempt that fails: scheduled, started, failed. */
export const eventsOfRetry = 3;
