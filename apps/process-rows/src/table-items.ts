import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { type Dataset, ROW_TABLE_KEY, rowKeyFault, type ValueType } from '@sluice/record-schema';
import type { Value } from '@sluice/record-transform';
import { type UnfitRow, unfitReason } from './table-limits.ts';

export type TableItem = Readonly<Record<string, AttributeValue>>;

const attribute = ({ type }: ValueType, value: Value): AttributeValue | null => {
  if (value === null) return null;
  if (typeof value === 'boolean') return { BOOL: value };
  if (type === 'timestamp') return { S: new Date(Number(value)).toISOString() };
  return type === 'double' || type === 'integer' || type === 'decimal'
    ? { N: String(value) }
    : { S: value.toString() };
};

/**
 * Rows as items of a DynamoDB table, one for each key: of several in a batch the last one, since a call takes no key
 * twice. Nulls are left out, and so are rows that the table cannot take, which are told of.
 *
 * @throws {Error} if the column cannot be the key (`rowKeyFault`)
 */
export const tableItems = (
  dataset: Dataset,
  keyColumn: string,
): ((rows: readonly (readonly Value[])[]) => {
  readonly items: readonly TableItem[];
  readonly unfit: readonly UnfitRow[];
}) => {
  const fault = rowKeyFault(dataset, keyColumn);
  if (fault !== null) throw new Error(fault);
  const keyAt = dataset.columns.findIndex(({ name }) => name === keyColumn);
  return (rows) => {
    const items = new Map<string, TableItem>();
    const unfit: UnfitRow[] = [];
    for (const [at, values] of rows.entries()) {
      const key = `${dataset.name}#${values[keyAt]}`;
      const item: Record<string, AttributeValue> = { [ROW_TABLE_KEY]: { S: key } };
      for (const [column, { name, valueType }] of dataset.columns.entries()) {
        const of = attribute(valueType, values[column] ?? null);
        if (of) item[name] = of;
      }
      const reason = unfitReason(item, key);
      if (reason === null) items.set(key, item);
      else unfit.push({ at, reason });
    }
    return { items: [...items.values()], unfit };
  };
};
