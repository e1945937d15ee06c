import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';

/** One thing that a plan would change. */
export interface Difference {
  /** `aws_glue_crawler.catalogue_crawler` */
  readonly address: string;
  readonly type: string;
  /** Of the resource; `*` if it is to be made, deleted or made anew. */
  readonly attribute: string;
  /** What is there, and what would be, as JSON. */
  readonly change: string;
}

const attributes = z.record(z.string(), z.json()).nullable();
const plan = z.object({
  resource_changes: z
    .array(
      z.object({
        address: z.string(),
        type: z.string(),
        mode: z.enum(['managed', 'data']),
        change: z.object({
          actions: z.array(z.string()),
          before: attributes,
          after: attributes,
          after_unknown: z.record(z.string(), z.json()),
        }),
      }),
    )
    .default([]),
});

/** What a plan would change, attribute by attribute. Takes what `terraform show -json <plan>` prints. */
export const planDifferences = (json: string): Difference[] =>
  plan.parse(JSON.parse(json)).resource_changes.flatMap(({ address, type, mode, change }) => {
    const { actions, before, after, after_unknown: unknown } = change;
    if (mode === 'data' || actions.every((action) => action === 'no-op')) return [];
    if (!isDeepStrictEqual(actions, ['update']) || before === null || after === null) {
      return [{ address, type, attribute: '*', change: actions.join(' and ') }];
    }
    const names = [...new Set([...Object.keys(before), ...Object.keys(after), ...Object.keys(unknown)])];
    return names
      .filter((name) => unknown[name] === true || !isDeepStrictEqual(before[name], after[name]))
      .map((name) => ({
        address,
        type,
        attribute: name,
        change: `${brief(before[name])} → ${unknown[name] === true ? '(known after apply)' : brief(after[name])}`,
      }));
  });

const brief = (value: z.core.util.JSONType | undefined): string =>
  (JSON.stringify(value) ?? 'nothing').slice(0, 300);
