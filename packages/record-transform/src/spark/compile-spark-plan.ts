import { type Dataset, DEFAULT_DATE_FORMAT, type Field, parseMomentFormat } from '@sluice/record-schema';
import { compileExpressions } from './expressions.ts';
import { columnsOf, faultsOf, markField, valueField } from './fields.ts';
import { flagColumns, profileColumns } from './flags.ts';
import {
  cellName,
  type Layer,
  MARK,
  type PlannedColumn,
  type PlannedField,
  type PlannedTarget,
  ROW,
  type SparkPlan,
} from './plan.ts';
import { identifier, literal, sparkType } from './sql.ts';

export type { SparkPlan } from './plan.ts';

const SESSION: SparkPlan['session'] = {
  'spark.sql.ansi.enabled': 'true',
  'spark.sql.session.timeZone': 'UTC',
  'spark.sql.parser.escapedStringLiterals': 'false',
  // A product of decimals keeps all its digits: the definition has seen to it that they have a place.
  'spark.sql.decimalOperations.allowPrecisionLoss': 'false',
  // What the JVM will not compile (8000 bytes: HotSpot's HugeMethodLimit) is better run in smaller pieces.
  'spark.sql.codegen.hugeMethodLimit': '8000',
};

const REASONS_TYPE = 'ARRAY<STRUCT<field: STRING, code: STRING>>';

/** Null for a row without faults. An array is made only where there is something to put into it. */
const reasonsSql = (fields: readonly Field[]): string => {
  const judged = fields.flatMap((field, at) => {
    const faults = field.onInvalid === 'quarantine' ? faultsOf(field) : [];
    return faults.length > 0 ? [{ field, faults, column: identifier(columnsOf(at, 'mark').fault) }] : [];
  });
  if (judged.length === 0) return `CAST(NULL AS ${REASONS_TYPE})`;
  const isFaulty = judged.map(({ column }) => `${column} <> 0`).join(' OR ');
  const reasons = judged.flatMap(({ field, faults, column }) =>
    faults.map(({ code, bit }) => {
      const reason = `named_struct('field', ${literal(field.name)}, 'code', ${literal(code)})`;
      return `CASE WHEN (${column} & ${bit}) <> 0 THEN array(${reason}) ELSE CAST(array() AS ${REASONS_TYPE}) END`;
    }),
  );
  return `CASE WHEN ${isFaulty} THEN concat(${reasons.join(', ')}) END`;
};

/** Layers of several fields side by side. */
const together = (layers: readonly (readonly Layer[])[]): readonly Layer[] =>
  Array.from({ length: Math.max(...layers.map(({ length }) => length)) }, (_, at) =>
    layers.flatMap((one) => one[at] ?? []),
  );

const columnsOfField = (field: Field, at: number): readonly PlannedColumn[] => [
  ...markField(field, at).flat(),
  ...valueField(field, at).flat(),
];

/** The field as a typed column of a Parquet object has its values. */
const asTyped = (field: Field): Field => {
  if (field.type === 'timestamp') return { ...field, formats: [{ kind: 'iso' }] };
  if (field.type === 'date')
    return { ...field, formats: [parseMomentFormat(DEFAULT_DATE_FORMAT, field.type)] };
  return field;
};

const typedColumns = (field: Field, at: number): readonly PlannedColumn[] => {
  const own = columnsOfField(field, at);
  return columnsOfField(asTyped(field), at).filter(({ sql }, index) => sql !== own[index]?.sql);
};

const plannedField = (field: Field, at: number): PlannedField => ({
  from: field.from,
  type: field.type,
  json: field.type === 'text' && field.json,
  needed: field.required && field.default === null,
  typed: typedColumns(field, at),
});

const quarantineLine = (fields: readonly Field[]): string => {
  const record = fields.flatMap(({ from }, at) => [literal(from), identifier(cellName(at))]).join(', ');
  const line = [
    ["'row'", identifier(ROW.number)],
    ["'reasons'", identifier(MARK.reasons)],
    ["'record'", `CASE WHEN ${identifier(ROW.problem)} IS NULL THEN named_struct(${record}) END`],
    ["'raw'", identifier(ROW.raw)],
  ];
  return `to_json(named_struct(${line.flat().join(', ')}), map('ignoreNullFields', 'false'))`;
};

const targetOf = ({ name, target, key }: Dataset): PlannedTarget => {
  if (target.format === 'parquet') return { format: 'parquet' };
  if (key === null) throw new Error(`the dataset ${name} has no key to merge its rows by`);
  return { format: 'delta', key };
};

/** What Spark is to do with an object of the dataset, row by row as docs/semantics.md has it. */
export const compileSparkPlan = (dataset: Dataset): SparkPlan => {
  const { fields, derived, rules, source } = dataset;
  const marks = together(fields.map(markField));
  const expressions = compileExpressions(dataset);
  for (const { name, expr } of derived) expressions.add(name, expr);
  const conditions = rules.map(
    ({ name, expr }) => `WHEN ${expressions.condition(expr)} IS NOT TRUE THEN ${literal(name)}`,
  );
  const rule = conditions.length > 0 ? `CASE ${conditions.join(' ')} END` : 'CAST(NULL AS STRING)';
  const values = [
    ...together(fields.map(valueField)),
    ...expressions.layers,
    [{ name: MARK.rule, sql: rule }],
  ].filter((layer) => layer.length > 0);
  return {
    planVersion: 1,
    dataset: dataset.name,
    session: SESSION,
    read: {
      formats: source.formats,
      delimiter: source.delimiter,
      unknownColumns: source.unknownColumns,
      fields: fields.map(plannedField),
    },
    marks: [
      ...marks.filter((layer) => layer.length > 0),
      [{ name: MARK.reasons, sql: reasonsSql(fields) }, ...flagColumns(fields)],
    ],
    profile: profileColumns(fields),
    values,
    rules: rules.map(({ name }) => name),
    quarantineLine: quarantineLine(fields),
    columns: dataset.columns.map(({ name, valueType }) => ({ name, type: sparkType(valueType) })),
    pseudonym: expressions.makesPseudonyms(),
    target: targetOf(dataset),
  };
};
