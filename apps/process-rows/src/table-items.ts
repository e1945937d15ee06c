import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { type Dataset, ROW_TABLE_KEY, rowKeyFault, type ValueType } from '@sluice/record-schema';
import type { Value } from '@sluice/record-transform';

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
 * twice. Nulls are left out.
 *
 * @throws {Error} if the column cannot be the key (`rowKeyFault`)
 */
export const tableItems = (
  dataset: Dataset,
  keyColumn: string,
): ((rows: readonly (readonly Value[])[]) => TableItem[]) => {
  const fault = rowKeyFault(dataset, keyColumn);
  if (fault !== null) throw new Error(fault);
  const keyAt = dataset.columns.findIndex(({ name }) => name === keyColumn);
  return (rows) => {
    const items = new Map<string, TableItem>();
    for (const values of rows) {
      const key = `${dataset.name}#${values[keyAt]}`;
      const item: Record<string, AttributeValue> = { [ROW_TABLE_KEY]: { S: key } };
      for (const [at, { name, valueType }] of dataset.columns.entries()) {
        const of = attribute(valueType, values[at] ?? null);
        if (of) item[name] = of;
      }
      items.set(key, item);
    }
    return [...items.values()];
  };
};
