import type { WorkflowName } from '../choice.ts';
import type { CsvMapSettings } from '../csv-map.ts';
import type { Batches } from './batches.ts';
import type { CostLine } from './costs.ts';
import { prices } from './prices.ts';
import type { Warning } from './warnings.ts';

/** What an object would take with one engine. */
export interface EngineFigures {
  readonly engine: Plan['engine'];
  readonly workflow: WorkflowName;
  readonly seconds: number;
  readonly usd: number;
  /** Why it does not take the object as the settings are; null: it could. */
  readonly obstacle: string | null;
}

/** How a Distributed Map would go. */
export interface MapPlan extends Batches {
  readonly executionType: CsvMapSettings['executionType'];
  /** Children that run at once, at most. */
  readonly concurrency: number;
  /** What keeps there from being more of them. */
  readonly boundBy: string;
  /** Of one child. */
  readonly childSeconds: number;
  /** From the first child's start to the last one's end. */
  readonly seconds: number;
}

/** What an object would take, and what it would cost. Seconds, bytes, US dollars. */
export interface Plan {
  readonly workflow: WorkflowName;
  readonly engine: 'duckdb' | 'typescript' | 'spark';
  readonly because: string;
  /** Null for `etl`. */
  readonly map: MapPlan | null;
  /** In order, without waiting for a crawler. */
  readonly durations: readonly { readonly state: string; readonly seconds: number }[];
  readonly seconds: number;
  /** Events in the histories: of the execution, and of a standard child that needs one attempt, or all of its attempts. */
  readonly history: {
    readonly execution: number;
    readonly child: number | null;
    readonly childAtMost: number | null;
  };
  readonly transitions: number;
  readonly costs: readonly CostLine[];
  readonly usd: number;
  /** Whatever could take it under the settings, the plan's own engine among them. */
  readonly engines: readonly EngineFigures[];
  readonly prices: { readonly region: string; readonly asOf: string; readonly sources: readonly string[] };
  /** What could be chosen otherwise, with its figures: STANDARD or EXPRESS, a larger batch. */
  readonly advice: readonly string[];
  readonly warnings: readonly Warning[];
}

export const priced = { region: prices.region, asOf: prices.asOf, sources: prices.sources };
