import type { Dataset, ExprNode, Field } from '@sluice/record-schema';
import { expressionTypes } from '@sluice/record-schema';
import type { Reason, RowFate, RunContext, ValueCode } from '../outcome.ts';
import { createExpressionCompiler } from './compile-expression.ts';
import { compileField, type FieldMarks } from './compile-field.ts';
import { runtime } from './runtime.ts';
import { createConstants } from './source-text.ts';

/** Raw texts in the order of `dataset.fields`, null for a JSON null or an absent key or column. */
export type RowFunction = (cells: readonly (string | null)[]) => RowFate;

/**
 * Figures of one row, a bit a field. Words 3g to 3g + 2 are of the fields from 30g on: which are null, which are
 * invalid, which are texts that look like numbers.
 */
export type RowMarks = Int32Array;
export const FIELDS_PER_WORD = 30;
export const WORDS_PER_GROUP = 3;
export const markWords = (dataset: Dataset): number =>
  Math.ceil(dataset.fields.length / FIELDS_PER_WORD) * WORDS_PER_GROUP;

/** A row function that also sets the row's marks, whatever its fate. */
export type ProfiledRowFunction = (cells: readonly (string | null)[], marks: RowMarks) => RowFate;

const marksOf = (at: number): FieldMarks => {
  const word = Math.floor(at / FIELDS_PER_WORD) * WORDS_PER_GROUP;
  const mark = (offset: number): string => `m${word + offset} |= ${2 ** (at % FIELDS_PER_WORD)};\n`;
  return { isNull: mark(0), isInvalid: mark(1), looksNumeric: mark(2) };
};

/** The columns that an expression names. */
const columnsOf = (node: ExprNode): readonly string[] => {
  if (node.op === 'col') return [node.name];
  if (node.op === 'lit') return [];
  if (node.op !== 'when') return node.args.flatMap(columnsOf);
  const parts = node.cases.flatMap((one) => [one.if, one.value]);
  return (node.otherwise ? [...parts, node.otherwise] : parts).flatMap(columnsOf);
};

/** The row function's source text and its constants: kept apart so that a test can look at the text. */
export const rowSource = (
  dataset: Dataset,
  context: RunContext,
  isProfiled = false,
): { readonly text: string; readonly constants: readonly unknown[] } => {
  const constants = createConstants();
  const variables = new Map<string, string>();

  const addReason = (field: Field, code: ValueCode): string => {
    const reason: Reason = Object.freeze({ field: field.name, code });
    return `(reasons ??= []).push(${constants.add(reason)});\n`;
  };
  const fields = dataset.fields.map((field, at) => {
    const value = `f${at}`;
    variables.set(field.name, value);
    return `const c${at} = cells[${at}];\n${compileField(field, { cell: `c${at}`, value, trimmed: `s${at}` }, constants, addReason, isProfiled ? marksOf(at) : undefined)}`;
  });

  const compile = createExpressionCompiler({
    variable(column) {
      const name = variables.get(column);
      if (name === undefined) throw new Error(`there is no column ${JSON.stringify(column)}`);
      return name;
    },
    typeOf: expressionTypes(dataset),
    constants,
    asOf: context.asOf,
    pseudonymKey: context.pseudonymKey,
  });
  // Derived fields that no rule looks at can wait until the row is known to be accepted: they cannot fail.
  const early = new Set(dataset.rules.flatMap(({ expr }) => columnsOf(expr)));
  for (const { name, expr } of dataset.derived.toReversed()) {
    if (early.has(name)) for (const column of columnsOf(expr)) early.add(column);
  }
  const derived = dataset.derived.map(({ name, expr }, at) => {
    const { setup, value } = compile(expr);
    variables.set(name, `d${at}`);
    return { isEarly: early.has(name), source: `${setup}const d${at} = ${value};\n` };
  });
  const derivedIf = (isEarly: boolean): string =>
    derived.map((one) => (one.isEarly === isEarly ? one.source : '')).join('');
  const rules = dataset.rules.map(({ name, expr }) => {
    const { setup, value } = compile(expr);
    const fate: RowFate = Object.freeze({ fate: 'filtered', rule: name });
    return `${setup}if (${value} !== true) return ${constants.add(fate)};\n`;
  });
  const values = dataset.columns.map(({ name }) => variables.get(name)).join(', ');

  const words = isProfiled ? Array.from({ length: markWords(dataset) }, (_, at) => at) : [];
  const text = `"use strict";
const { ${Object.keys(runtime).join(', ')} } = runtime;
${constants.values.map((_, at) => `const k${at} = constants[${at}];\n`).join('')}
return (cells, marks) => {
let reasons = null;
${words.map((at) => `let m${at} = 0;\n`).join('')}${fields.join('')}${words.map((at) => `marks[${at}] = m${at};\n`).join('')}if (reasons !== null) return { fate: "quarantined", reasons };
${derivedIf(true)}${rules.join('')}${derivedIf(false)}return { fate: "accepted", values: [${values}] };
};`;
  return { text, constants: constants.values };
};

const compile = <F extends RowFunction | ProfiledRowFunction>(
  dataset: Dataset,
  context: RunContext,
  isProfiled: boolean,
): F => {
  let source: ReturnType<typeof rowSource>;
  try {
    source = rowSource(dataset, context, isProfiled);
  } catch (error) {
    throw new Error(`dataset ${dataset.name}: ${(error as Error).message}`, { cause: error });
  }
  const create = new Function('runtime', 'constants', source.text) as (
    functions: typeof runtime,
    constants: readonly unknown[],
  ) => F; // the text returns one
  return create(runtime, source.constants);
};

/**
 * What becomes of a row, duplicates aside: compiled once for a dataset and a run into one flat function, without
 * loops over fields or calls per node of an expression. See `source-text.ts` for why this is no evaluation of data.
 *
 * Throws an `Error` if the dataset uses `pseudonym` and the run has no key.
 */
export const compileRow = (dataset: Dataset, context: RunContext): RowFunction =>
  compile<RowFunction>(dataset, context, false);

/** The same, and what the quality profile counts. */
export const compileProfiledRow = (dataset: Dataset, context: RunContext): ProfiledRowFunction =>
  compile<ProfiledRowFunction>(dataset, context, true);
