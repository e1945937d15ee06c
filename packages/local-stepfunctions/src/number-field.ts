import type { Query } from './jsonata/query.ts';
import type { JsonPath } from './jsonpath/syntax.ts';

/** A number of the definition, a path to one, or what computes one; undefined if none is given. */
export type NumberField = NumberOrPath | Query;
/** The same in a JSONPath state. */
export type NumberOrPath = number | JsonPath | undefined;

/** "You must specify time as an integer value from 0 to 99999999" (the guide, of a Wait's Seconds). */
export const MAX_WAIT_SECONDS = 99_999_999;
