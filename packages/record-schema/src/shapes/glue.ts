import type { Dataset, PartitionName } from '../dataset.ts';
import type { ValueType } from '../expression-types.ts';
import { formula } from './formula.ts';

/** A column of a Glue table. */
export interface GlueColumn {
  readonly name: string;
  /** A Hive type. */
  readonly type: string;
  readonly comment: string;
}

/** What Glue takes (the pattern of Column.Comment). */
const MAX_COMMENT = 255;

const hiveType = (of: ValueType): string => {
  switch (of.type) {
    case 'text':
      return 'string';
    case 'integer':
      return 'bigint';
    case 'decimal':
      return `decimal(${of.precision},${of.scale})`;
    case 'double':
    case 'boolean':
    case 'date':
    case 'timestamp':
      return of.type;
  }
};

const comment = (text: string): string => {
  const line = text.replace(/\s+/g, ' ').trim();
  const chars = [...line];
  return chars.length > MAX_COMMENT ? `${chars.slice(0, MAX_COMMENT - 1).join('')}…` : line;
};

/** The columns of the published table, partition keys left out; a derived field's comment is its formula. */
export const glueColumns = (dataset: Dataset): readonly GlueColumn[] => {
  const formulas = new Map(dataset.derived.map((one) => [one.name, formula(one.expr)]));
  return dataset.columns.map(({ name, valueType, doc }) => ({
    name,
    type: hiveType(valueType),
    comment: comment(formulas.get(name) ?? doc),
  }));
};

const PARTITION_COMMENTS: Readonly<Record<PartitionName, string>> = {
  process_year: 'Year of the run, UTC',
  process_month: 'Month of the run, 1 to 12, UTC',
  process_day: 'Day of the run, 1 to 31, UTC',
};

export const gluePartitionKeys = (dataset: Dataset): readonly GlueColumn[] =>
  dataset.partitions.map((name) => ({ name, type: 'int', comment: PARTITION_COMMENTS[name] }));
