export type { StateMachine } from './asl.ts';
export { type EtlParts, etlDefinition } from './etl.ts';
export type { LambdaFunction } from './tasks.ts';
