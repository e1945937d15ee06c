export type { CsvDelimiter, StateMachine } from './asl.ts';
export {
  type ChosenWorkflow,
  chooseWorkflow,
  csvDelimiterOf,
  csvMapMaxBytes,
  csvMapOf,
  type ObjectToTake,
  WORKFLOWS,
  type WorkflowName,
} from './choice.ts';
export {
  type CsvMapParts,
  type CsvMapSettings,
  csvMapDefinition,
  largestBatchBytes,
  mapLabel,
} from './csv-map.ts';
export { refusalErrors } from './endings.ts';
export { type EtlParts, etlDefinition } from './etl.ts';
export type { SparkJob } from './spark-job.ts';
export type { LambdaFunction } from './tasks.ts';
