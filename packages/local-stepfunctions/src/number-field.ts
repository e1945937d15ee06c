import type { Query } from './jsonata/query.ts';
import type { JsonPath } from './jsonpath/syntax.ts';

/** A number of the definition, a path to one, or what computes one; undefined if none is given. */
export type NumberField = NumberOrPath | Query;
/** The same in a JSONPath state. */
export type NumberOrPath = number | JsonPath | undefined;
