import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { Dataset, ValueType } from '@sluice/record-schema';
import type { Value } from '@sluice/record-transform';

export type TableItem = Readonly<Record<string, AttributeValue>>;

/** The table's partition key, a text: `<dataset>#<the row's key>`. */
const KEY = 'dataset_key';

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
 * @throws {Error} if the dataset publishes no such column, or one that may be null, or has the table's own
 */
export const tableItems = (
  dataset: Dataset,
  keyColumn: string,
): ((rows: readonly (readonly Value[])[]) => TableItem[]) => {
  const keyAt = dataset.columns.findIndex(({ name, nullable }) => name === keyColumn && !nullable);
  if (keyAt < 0)
    throw new Error(`${dataset.name} has no published, required column ${keyColumn} to be its key`);
  if (dataset.columns.some(({ name }) => name === KEY))
    throw new Error(`${KEY} of ${dataset.name} is the table's key`);
  return (rows) => {
    const items = new Map<string, TableItem>();
    for (const values of rows) {
      const key = `${dataset.name}#${values[keyAt]}`;
      const item: Record<string, AttributeValue> = { [KEY]: { S: key } };
      for (const [at, { name, valueType }] of dataset.columns.entries()) {
        const of = attribute(valueType, values[at] ?? null);
        if (of) item[name] = of;
      }
      items.set(key, item);
    }
    return [...items.values()];
  };
};
