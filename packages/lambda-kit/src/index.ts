export { defineHandler, InvalidInputError, type InvocationContext } from './define-handler.ts';
export { engineLimits } from './engine-limits.ts';
export type { Log, LogFields } from './outcome-log.ts';
export { type OutcomeName, outcomes } from './outcomes.ts';
export { parseEnv } from './parse-env.ts';
export type { Measure } from './pipeline-metrics.ts';
export { withScratchFolder } from './scratch-folder.ts';
