export type { StateMachine } from './asl.ts';
export { type EtlParts, etlDefinition, refusalErrors } from './etl.ts';
export type { LambdaFunction } from './tasks.ts';
