/**
 * How source text for a row function is put together. It is not evaluated data: what goes into the text is this
 * engine's own words, variables numbered by us, and literals written by `literal`. Everything else (patterns,
 * sets, tables, keys) is handed to the function as a constant and named `k0`, `k1`, …; cells are only ever its
 * arguments. A dataset's author cannot write code through a name or a value, nor can a sender through a row.
 */

/** A string, finite number or boolean as JavaScript source. The one way for a value to get into the text. */
export const literal = (value: string | number | boolean | null): string => {
  if (typeof value === 'number' && !Number.isFinite(value)) throw new TypeError(`${value} has no literal`);
  // JSON is JavaScript but for these two in old engines; `<` keeps the text harmless wherever it is shown.
  return JSON.stringify(value).replace(
    /[\u2028\u2029<]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
};

/** Constants that the generated function takes as arguments. */
export interface Constants {
  /** The constant's name in the text. */
  add(value: unknown): string;
  readonly values: readonly unknown[];
}

export const createConstants = (): Constants => {
  const values: unknown[] = [];
  return {
    values,
    add(value) {
      values.push(value);
      return `k${values.length - 1}`;
    },
  };
};

/** A test whether a text or number expression has one of these values. */
export const isOneOf = (of: string, values: readonly (string | number)[], constants: Constants): string => {
  // A handful of comparisons is faster than a set, and never builds one.
  if (values.length > 8) return `${constants.add(new Set(values))}.has(${of})`;
  if (values.length === 0) return 'false';
  return `(${values.map((value) => `${of} === ${literal(value)}`).join(' || ')})`;
};
