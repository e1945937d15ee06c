import { TRIM_SET } from '@sluice/record-schema';
import { LOWER_EXCEPTIONS, UPPER_EXCEPTIONS } from '../generated/case-exceptions.ts';
import { literal } from './sql.ts';

const TRIM_CLASS = '[ \\t\\r\\n\\x{a0}\\x{3000}]';
const NUMBER = '[+-]?([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][+-]?[0-9]+)?';
const DECIMAL = "'[+-]?([0-9]+\\.?[0-9]*|\\.[0-9]+)'";
const INTEGER = "'[+-]?[0-9]+'";
/** Largest integer that every engine holds exactly. */
const MAX_INTEGER = '9007199254740991';
/** Below `!` are blanks and controls; NBSP and U+3000 come after all of ASCII: a comparison of first bytes. */
const MAY_BEGIN_BLANK = `(x < '!' OR x >= ${literal('\u00a0')})`;

/** The letter-by-letter way is for texts with an exception in them: hardly any. */
const cased = (to: 'upper' | 'lower', exceptions: string): string => `
  CASE WHEN strlen(x) = length(x) OR NOT regexp_matches(x, ${literal(`[${exceptions}]`)}) THEN ${to}(x)
  ELSE list_aggregate(list_transform(
    string_split(x, ''), lambda ch: CASE WHEN contains(${literal(exceptions)}, ch) THEN ch ELSE ${to}(ch) END
  ), 'string_agg', '') END`;

/** Tries a cheap reading of the cell as it is, and one of the trimmed cell only where that fails. */
const trimmedOnlyIfNeeded = (read: (text: string) => string): string =>
  `coalesce(${read('x')}, CASE WHEN sluice_may_be_blank(x) THEN ${read('sluice_trim(x)')} END)`;

/**
 * What docs/semantics.md asks of DuckDB beyond its own functions, as macros of the session, so that the compiled
 * statements stay readable. Each takes text (or a value) and yields null where there is none.
 */
const MACROS: Readonly<Record<string, string>> = {
  'sluice_trim(x)': `trim(x, ${literal(TRIM_SET)})`,
  'sluice_may_be_blank(x)': `(${MAY_BEGIN_BLANK} OR regexp_matches(x, '${TRIM_CLASS}\\z'))`,
  // A trim costs far more than a look, and hardly any cell needs one.
  'sluice_lazy_trim(x)': 'CASE WHEN sluice_may_be_blank(x) THEN sluice_trim(x) ELSE x END',
  'sluice_is_blank(x)': `CASE WHEN ${MAY_BEGIN_BLANK} THEN sluice_trim(x) = '' ELSE false END`,
  'sluice_upper(x)': cased('upper', UPPER_EXCEPTIONS),
  'sluice_lower(x)': cased('lower', LOWER_EXCEPTIONS),

  // Infinities (overflow, a division by zero) are null, −0 is 0.
  'sluice_double(x)': 'CASE WHEN NOT isfinite(x) THEN NULL WHEN x = 0 THEN CAST(0 AS DOUBLE) ELSE x END',
  'sluice_integer(x)': `CASE WHEN x BETWEEN -${MAX_INTEGER} AND ${MAX_INTEGER} THEN CAST(x AS BIGINT) END`,

  // The CASE hides a constant divisor: DuckDB would multiply by its reciprocal, which rounds twice.
  'sluice_divide(x, y)': 'sluice_double(x / CASE WHEN x IS NOT NULL THEN y END)',

  'sluice_is_number(x)': `regexp_full_match(x, '${NUMBER}')`,
  'sluice_looks_numeric(x)': `regexp_full_match(x, '${TRIM_CLASS}*${NUMBER}${TRIM_CLASS}*')`,
  // May be infinite: whoever looks for faults finds it there.
  'sluice_read_double(x)': trimmedOnlyIfNeeded(
    (text) => `CASE WHEN sluice_is_number(${text}) THEN TRY_CAST(${text} AS DOUBLE) END`,
  ),
  'sluice_is_integer(x)': `regexp_full_match(sluice_lazy_trim(x), ${INTEGER})`,
  'sluice_read_integer(x)': trimmedOnlyIfNeeded(
    (text) =>
      `CASE WHEN regexp_full_match(${text}, ${INTEGER}) THEN sluice_integer(TRY_CAST(${text} AS BIGINT)) END`,
  ),
  'sluice_decimal_text(x)': trimmedOnlyIfNeeded(
    (text) => `CASE WHEN regexp_full_match(${text}, ${DECIMAL}) THEN ${text} END`,
  ),
  'sluice_read_boolean(x)':
    "CASE lower(sluice_lazy_trim(x)) WHEN 'true' THEN true WHEN 'false' THEN false END",
  // The pattern refuses 24:00, second 60, `infinity` and parts of one digit, the cast days that no month has.
  'sluice_read_date(x)':
    "CASE WHEN regexp_full_match(x, '[0-9]{4}-[0-9]{2}-[0-9]{2}') AND x >= '0001' THEN TRY_CAST(x AS DATE) END",
  'sluice_read_timestamp(x)': `
    CASE WHEN regexp_full_match(x, '[0-9]{4}-[0-9]{2}-[0-9]{2} ([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]') AND x >= '0001'
    THEN TRY_CAST(x AS TIMESTAMP) END`,
  'sluice_in_years(x)': `CASE WHEN x >= TIMESTAMP '0001-01-01 00:00:00' AND x <= TIMESTAMP '9999-12-31 23:59:59.999' THEN x END`,
  'sluice_read_iso(x)': `
    CASE WHEN regexp_full_match(x, '[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}(\\.[0-9]{1,3})?(Z|[+-](0[0-9]:[0-5][0-9]|1[0-7]:[0-5][0-9]|18:00))')
    THEN sluice_in_years(
      sluice_read_timestamp(left(x, 10) || ' ' || substr(x, 12, 8))
      + to_milliseconds(CAST(rpad(regexp_extract(x, '\\.([0-9]{1,3})', 1), 3, '0') AS BIGINT))
      - to_minutes(CASE WHEN ends_with(x, 'Z') THEN 0 ELSE
          (CASE WHEN left(right(x, 6), 1) = '-' THEN -1 ELSE 1 END)
          * (CAST(left(right(x, 5), 2) AS BIGINT) * 60 + CAST(right(x, 2) AS BIGINT)) END)
    ) END`,

  // Nearly every address has one @; the patterns are for those with more.
  'sluice_mask_email(x)': `
    CASE WHEN NOT contains(x, '@') THEN '***'
    WHEN NOT contains(substr(x, strpos(x, '@') + 1), '@')
    THEN CASE WHEN strpos(x, '@') > 3 THEN left(x, 2) || '***' ELSE '***' END || substr(x, strpos(x, '@'))
    ELSE CASE WHEN length(regexp_extract(x, '(?s)^(.*)@', 1)) > 2 THEN left(x, 2) || '***' ELSE '***' END
         || regexp_extract(x, '@[^@]*\\z') END`,
  // HMAC (RFC 2104) over the two padded keys, which are bound as variables: a key never stands in a statement.
  'sluice_pseudonym(x)': `
    CASE WHEN getvariable('sluice_outer_key') IS NULL THEN error('pseudonym needs a key, and the run has none')
    ELSE sha256(getvariable('sluice_outer_key') || unhex(sha256(getvariable('sluice_inner_key') || encode(x)))) END`,
};

/** The statements that a session runs once. */
export const macroStatements = (): readonly string[] =>
  Object.entries(MACROS).map(([signature, body]) => `CREATE TEMP MACRO ${signature} AS (${body})`);
