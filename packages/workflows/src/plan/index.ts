export { estimateCsv, itemOverheadBytes, type ObjectToPlan } from './object-to-plan.ts';
export { planObject } from './plan.ts';
export type { EngineFigures, Plan } from './plan-types.ts';
export { endings, prices, workload } from './prices.ts';
export { serviceLimits } from './service-limits.ts';
export { checkMapSettings, type PlanSettings } from './settings.ts';
