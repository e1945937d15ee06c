export const QUERY_LANGUAGES = ['JSONPath', 'JSONata'] as const;
export type QueryLanguage = (typeof QUERY_LANGUAGES)[number];

// https://docs.aws.amazon.com/step-functions/latest/dg/statemachine-structure.html
const JSONATA_FIELDS: ReadonlySet<string> = new Set(['Arguments', 'Condition', 'Items', 'Output']);
const JSONPATH_FIELDS: ReadonlySet<string> = new Set(['Parameters', 'Result', 'ResultSelector', 'Variable']);

/** The only language that has a field of the name, undefined if it is in both or in none. */
export function languageOf(field: string): QueryLanguage | undefined {
  if (JSONATA_FIELDS.has(field)) return 'JSONata';
  return JSONPATH_FIELDS.has(field) || field.endsWith('Path') ? 'JSONPath' : undefined;
}
