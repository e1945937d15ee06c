import { manifest } from '@sluice/step-contracts';
import { z } from 'zod';

type Schema = Exclude<z.core.JSONSchema._JSONSchema, boolean>;

/** A column of the `runs` table. */
export interface ManifestColumn {
  /** In lower case, as Hive has all names: `runid`. */
  readonly name: string;
  /** A Hive type: `struct<rowsin:bigint,…>`. */
  readonly type: string;
}

/** The columns that hold every manifest, published or rejected: from its schema, so that none can be forgotten. */
export const manifestColumns = (): ManifestColumn[] =>
  columnsOf(z.toJSONSchema(manifest), 'a manifest').map(([name, type]) => ({ name, type }));

const columnsOf = (schema: Schema, where: string): [name: string, type: string][] => {
  const found = new Map<string, string>();
  for (const { properties = {} } of kindsOf(schema)) {
    for (const [key, property] of Object.entries(properties)) {
      const name = key.toLowerCase();
      const type = hiveType(property, `${where}, ${key}`);
      const known = found.get(name);
      if (known !== undefined && known !== type)
        throw new Error(`${where}, ${key}: it is ${known} in one kind of record and ${type} in another.`);
      found.set(name, type);
    }
  }
  return [...found];
};

/** The alternatives of a schema, null left out: a column of any type may be null. */
const kindsOf = (schema: Schema): Schema[] =>
  (schema.oneOf ?? schema.anyOf ?? [schema]).filter(
    (kind): kind is Schema => typeof kind === 'object' && kind.type !== 'null',
  );

const hiveType = (schema: z.core.JSONSchema._JSONSchema, where: string): string => {
  const [kind, ...others] = typeof schema === 'object' ? kindsOf(schema) : [];
  if (!kind || others.length > 0) throw new Error(`${where}: a column has one type.`);
  const [type, ...more] = [kind.type ?? []].flat().filter((one) => one !== 'null');
  if (more.length > 0) throw new Error(`${where}: a column has one type.`);
  switch (type) {
    case 'string':
    case 'boolean':
      return type;
    case 'integer':
      return 'bigint';
    case 'number':
      return Number.isInteger(kind.const) ? 'bigint' : 'double';
    case 'array': {
      if (!kind.items || Array.isArray(kind.items))
        throw new Error(`${where}: a list has items of one type.`);
      return `array<${hiveType(kind.items, where)}>`;
    }
    case 'object':
      return `struct<${columnsOf(kind, where)
        .map(([name, inner]) => `${name}:${inner}`)
        .join(',')}>`;
    default:
      throw new Error(`${where}: there is no Hive type for ${type}.`);
  }
};
