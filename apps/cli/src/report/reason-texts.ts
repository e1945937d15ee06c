import type { Reason } from '@sluice/record-transform';

const TEXTS: Readonly<Record<Reason['code'], string>> = {
  malformed_quote: 'A quote is in the wrong place, or is never closed.',
  invalid_utf8: 'The row is not valid UTF-8.',
  wrong_field_count: 'The row has more or fewer fields than the header.',
  not_json: 'The line is not JSON.',
  not_an_object: 'The line is JSON, but no object.',
  nested_value: 'A field holds an object or an array where one plain value belongs.',
  missing: 'A value is required here.',
  not_a_number: 'The value is not a number.',
  not_an_integer: 'The value is not a whole number.',
  out_of_range: 'The number is too large for its type.',
  not_a_boolean: 'The value is neither true nor false.',
  not_a_date: 'The value is not a date in the format of the field.',
  not_a_timestamp: 'The value is not a time in a format of the field.',
  not_allowed: 'The value is none of those that the field allows.',
  pattern_mismatch: 'The value does not match the pattern of the field.',
  too_long: 'The text is longer than the field allows.',
  too_small: 'The value is below the smallest that the field allows.',
  too_large: 'The value is above the largest that the field allows.',
  not_processed: 'The row can be read, but what should have judged it failed for good.',
};

/** One sentence for a reason code; empty for a code that this report does not know. */
export const reasonText = (code: string): string =>
  Object.entries(TEXTS).find(([known]) => known === code)?.[1] ?? '';
