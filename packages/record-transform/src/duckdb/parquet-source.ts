import { type Dataset, DEFAULT_DATE_FORMAT, type Field, parseMomentFormat } from '@sluice/record-schema';
import { RefusedObject } from '../outcome.ts';
import { matchHeader } from '../reading/header.ts';
import type { Session } from './session.ts';
import { ABSENT, cellsFrom, NO_MALFORMED, type Source, type SourceRequest } from './source.ts';
import { identifier, literal } from './sql.ts';

/** A Parquet column's values as text that the fields' readers take, or null if it has none. */
const parquetCell = (name: string, type: string, field: Field | undefined): string | null => {
  const column = identifier(name);
  if (/^(STRUCT|MAP|UNION)|\[\d*\]$/.test(type)) return null;
  const isMoment = /^TIMESTAMP/.test(type) || (type === 'DATE' && field?.type === 'timestamp');
  if (isMoment) return `strftime(CAST(${column} AS TIMESTAMP), '%Y-%m-%dT%H:%M:%S.%gZ')`;
  if (type === 'BLOB') return `decode(${column})`;
  return `CAST(${column} AS VARCHAR)`;
};

/** Instants of a typed column arrive as ISO text and days in the default form, whatever the field's own formats. */
const asTyped = (field: Field, columnType: string | undefined): Field => {
  if (field.type === 'timestamp' && /^(TIMESTAMP|DATE)/.test(columnType ?? '')) {
    return { ...field, formats: [{ kind: 'iso' }] };
  }
  if (field.type === 'date' && columnType === 'DATE')
    return { ...field, formats: [parseMomentFormat(DEFAULT_DATE_FORMAT, 'date')] };
  return field;
};

const describeParquet = async (session: Session, from: string) => {
  try {
    const columns = await session.query(`DESCRIBE SELECT * FROM ${from}`);
    const [counted] = await session.query(`SELECT count(*) AS n FROM ${from}`);
    return {
      columns: columns.map((one) => ({ name: String(one.column_name), type: String(one.column_type) })),
      rowsIn: Number(counted?.n),
    };
  } catch (error) {
    const [line] = String((error as Error).message).split('\n');
    throw new RefusedObject(
      'corrupt_parquet',
      `the object is named as Parquet, but cannot be read as such: ${line}`,
    );
  }
};

/** A Parquet object: columns by name, values read as texts by the dataset's types. */
export const parquetSource = async (
  session: Session,
  request: SourceRequest,
  path: string,
): Promise<Source> => {
  const from = `read_parquet(${literal(path)})`;
  const { columns, rowsIn } = await describeParquet(session, from);
  const header = matchHeader(
    request.dataset,
    columns.map(({ name }) => name),
  );
  const columnOf = (field: number) => columns[header.positions[field] ?? -1];
  const dataset: Dataset = {
    ...request.dataset,
    fields: request.dataset.fields.map((field, at) => asTyped(field, columnOf(at)?.type)),
  };
  return {
    dataset,
    cells: cellsFrom(dataset, from, (field) => {
      const column = columnOf(field);
      if (!column) return ABSENT;
      const declared = dataset.fields[field];
      const cell = parquetCell(column.name, column.type, declared);
      if (cell !== null) return cell;
      if (declared?.type === 'text' && declared.json)
        return `CAST(to_json(${identifier(column.name)}) AS VARCHAR)`;
      throw new RefusedObject(
        'nested_column',
        `the column ${JSON.stringify(column.name)} holds nested values`,
      );
    }),
    rowsIn,
    malformed: NO_MALFORMED,
    unknownColumns: header.unknownColumns,
  };
};
