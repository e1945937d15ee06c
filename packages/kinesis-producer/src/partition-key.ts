import { hash, randomUUID } from 'node:crypto';

/**
 * `field`: the values of one or more top-level fields; equal values share a shard and thus an order. `hash`: of the data,
 * so that copies of a record share a shard. `random`: spreads best. `explicit`: every record to the shard of that hash key.
 */
export type PartitionKeyStrategy =
  | { readonly strategy: 'field'; readonly field: string | readonly string[] }
  | { readonly strategy: 'hash' }
  | { readonly strategy: 'random' }
  | { readonly strategy: 'explicit'; readonly explicitHashKey: string };

export interface PartitionKey {
  readonly partitionKey: string;
  readonly explicitHashKey?: string;
}

/** `values` are the record's fields, which only the strategy `field` looks at; `data` its bytes. */
export type PartitionKeyOf = (values: Readonly<Record<string, unknown>>, data: Uint8Array) => PartitionKey;

/**
 * @example
 * const keyOf = partitionKeyBy({ strategy: 'field', field: 'id' });
 * producer.send({ data, ...keyOf(order, data) });
 */
export function partitionKeyBy(choice: PartitionKeyStrategy): PartitionKeyOf {
  switch (choice.strategy) {
    case 'field': {
      const fields = typeof choice.field === 'string' ? [choice.field] : choice.field;
      // A record without any of them still gets a key that its copies share.
      return (values, data) => ({ partitionKey: keyOfFields(values, fields) ?? hash('md5', data) });
    }
    case 'hash':
      return (_values, data) => ({ partitionKey: hash('md5', data) });
    case 'random':
      return () => ({ partitionKey: randomUUID() });
    case 'explicit':
      return (_values, data) => ({
        partitionKey: hash('md5', data),
        explicitHashKey: choice.explicitHashKey,
      });
  }
}

function keyOfFields(
  values: Readonly<Record<string, unknown>>,
  fields: readonly string[],
): string | undefined {
  const texts = fields.map((field) => (Object.hasOwn(values, field) ? textOf(values[field]) : ''));
  if (texts.every((text) => text === '')) return undefined;
  const key = texts.length === 1 ? `${texts[0]}` : JSON.stringify(texts);
  // Kinesis takes 256 characters.
  return key.length <= 256 && key.isWellFormed() ? key : hash('md5', key);
}

function textOf(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
