export { assumptions } from './assumptions.ts';
export { estimateCsv, itemOverheadBytes, type ObjectToPlan } from './object-to-plan.ts';
export { planObject } from './plan.ts';
export type { EngineFigures, Plan } from './plan-types.ts';
export { endings, prices, publishedBySpark, workload } from './prices.ts';
export { serviceLimits } from './service-limits.ts';
export { checkMapSettings, dpusOf, type PlanSettings } from './settings.ts';
