import type { Difference } from './plan-differences.ts';

/** What a second plan shows as changed though nobody has changed it, because MiniStack answers otherwise than AWS. */
export interface Restless {
  /** Of the resource: `aws_glue_crawler`. */
  readonly type: string;
  readonly attribute: string;
  readonly reason: string;
}

/** Any other difference fails, and so does an entry that the plan of a stack with such a resource does not show. */
export const restless: readonly Restless[] = [];

const isOf =
  ({ type, attribute }: Restless) =>
  (difference: Difference): boolean =>
    difference.type === type && difference.attribute === attribute;

/** The differences that the list does not have, a line each. */
export const unexpected = (differences: readonly Difference[]): string[] =>
  differences
    .filter((difference) => !restless.some((entry) => isOf(entry)(difference)))
    .map(({ address, attribute, change }) => `${address}: ${attribute}: ${change}`);

/** The entries about resources of these types that no difference bears out, a line each. */
export const staleIn = (types: readonly string[], differences: readonly Difference[]): string[] =>
  restless
    .filter((entry) => types.includes(entry.type) && !differences.some(isOf(entry)))
    .map(({ type, attribute }) => `${type}: ${attribute} does not differ any more`);
