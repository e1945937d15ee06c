export { type Clock, createVirtualClock, systemClock } from './clock.ts';
export type * from './definition.ts';
export type { MapRun, MapRunCounts, MapRunDescription, MapRunUpdate } from './distributed-map/map-run.ts';
export type { ChildExecution } from './distributed-map/support.ts';
export { type DefinitionProblem, InvalidDefinition, TaskError } from './errors.ts';
export {
  type Execution,
  type ExecutionOptions,
  type ExecutionResult,
  NotRedrivable,
  type RedriveOptions,
  redriveExecution,
  startExecution,
} from './execution.ts';
export type { HistoryEvent, HistoryEventDetails, HistoryEventType } from './history.ts';
export { createMemoryJournal, type ExecutionJournal } from './journal/journal.ts';
export { type JournalledExecution, readJournal } from './journal/read-journal.ts';
export type { Json, JsonArray, JsonObject } from './json.ts';
export { loadDefinition } from './load/load-definition.ts';
export type {
  ByteRange,
  ListedObject,
  ObjectAddress,
  ObjectHead,
  ObjectStore,
  ObjectVersion,
} from './object-store.ts';
export type { StateMachine } from './state-machine.ts';
export type { TaskHandler, TaskHandlers, TaskRun } from './task-handler.ts';
