import {
  compilePattern,
  type Dataset,
  type ExprNode,
  expressionTypes,
  type ValueType,
} from '@sluice/record-schema';
import { doubleLiteral, identifier, literal, timestampLiteral } from './sql.ts';

/** 0001-01-01: no timestamp of a row is earlier. */
const FIRST_INSTANT = -62_135_596_800_000;
const DAY_MS = 86_400_000;

/** DuckDB's name for a column's type. */
export const sqlType = (of: ValueType): string => {
  switch (of.type) {
    case 'text':
      return 'VARCHAR';
    case 'double':
      return 'DOUBLE';
    case 'integer':
      return 'BIGINT';
    case 'decimal':
      return `DECIMAL(${of.precision},${of.scale})`;
    case 'boolean':
      return 'BOOLEAN';
    case 'date':
      return 'DATE';
    case 'timestamp':
      return 'TIMESTAMP';
  }
};

const COMPARISONS = { eq: '=', ne: '<>', lt: '<', le: '<=', gt: '>', ge: '>=' } as const;
const SIGNS = { plus: '+', minus: '-', times: '*' } as const;

const literalSql = (type: ValueType, value: string | number | boolean): string => {
  switch (type.type) {
    case 'text':
      return literal(String(value));
    case 'double':
      return doubleLiteral(Number(value));
    default:
      return `CAST(${literal(String(value))} AS ${sqlType(type)})`;
  }
};

/** `CASE` rather than `IN`: an empty list and a null are both lawful. */
const oneOfSql = (of: string, values: readonly string[]): string =>
  values.length === 0 ? `CASE WHEN ${of} IS NOT NULL THEN false END` : `(${of} IN (${values.join(', ')}))`;

const lookupSql = (of: string, table: Readonly<Record<string, string>>): string => {
  const entries = Object.entries(table);
  if (entries.length === 0) return 'CAST(NULL AS VARCHAR)';
  return `CASE ${of} ${entries.map(([key, value]) => `WHEN ${literal(key)} THEN ${literal(value)}`).join(' ')} END`;
};

/**
 * A compiler of the dataset's expressions to DuckDB SQL. Columns are named as the dataset names them.
 * `asOf` is in epoch milliseconds, UTC.
 */
export const compileExpressions = (dataset: Dataset, asOf: number): ((node: ExprNode) => string) => {
  const typeOf = expressionTypes(dataset);
  const as = (type: ValueType, node: ExprNode): string => {
    const sql = compile(node);
    const own = typeOf(node);
    return sqlType(own) === sqlType(type) ? sql : `CAST(${sql} AS ${sqlType(type)})`;
  };
  const asDouble = (node: ExprNode): string => as({ type: 'double' }, node);

  const compile = (node: ExprNode): string => {
    switch (node.op) {
      case 'col':
        return identifier(node.name);
      case 'lit':
        return literalSql(typeOf(node), node.value);
      case 'plus':
      case 'minus':
      case 'times': {
        const type = typeOf(node);
        const [left, right] = node.args;
        if (type.type === 'double')
          return `sluice_double(${asDouble(left)} ${SIGNS[node.op]} ${asDouble(right)})`;
        if (type.type === 'decimal') {
          return `CAST(${compile(left)} ${SIGNS[node.op]} ${compile(right)} AS ${sqlType(type)})`;
        }
        return `sluice_integer(CAST(${compile(left)} AS HUGEINT) ${SIGNS[node.op]} CAST(${compile(right)} AS HUGEINT))`;
      }
      case 'divide':
        return `sluice_divide(${asDouble(node.args[0])}, ${asDouble(node.args[1])})`;
      case 'negate': {
        const negated = `(- ${compile(node.args[0])})`;
        return typeOf(node).type === 'double' ? `sluice_double(${negated})` : negated;
      }
      case 'eq':
      case 'ne':
      case 'lt':
      case 'le':
      case 'gt':
      case 'ge': {
        const [left, right] = node.args;
        const mixed = typeOf(left).type !== typeOf(right).type; // an integer and a double
        const [a, b] = mixed ? [asDouble(left), asDouble(right)] : [compile(left), compile(right)];
        return `(${a} ${COMPARISONS[node.op]} ${b})`;
      }
      case 'and':
      case 'or':
        return `(${node.args.map(compile).join(` ${node.op.toUpperCase()} `)})`;
      case 'not':
        return `(NOT ${compile(node.args[0])})`;
      case 'isNull':
        return `(${compile(node.args[0])} IS NULL)`;
      case 'coalesce': {
        const type = typeOf(node);
        return `coalesce(${node.args.map((one) => as(type, one)).join(', ')})`;
      }
      case 'when': {
        const type = typeOf(node);
        const cases = node.cases.map((one) => `WHEN ${compile(one.if)} THEN ${as(type, one.value)}`);
        return `CASE ${cases.join(' ')}${node.otherwise ? ` ELSE ${as(type, node.otherwise)}` : ''} END`;
      }
      case 'oneOf': {
        const [of] = node.args;
        return typeOf(of).type === 'text'
          ? oneOfSql(
              compile(of),
              node.values.map((one) => literal(String(one))),
            )
          : oneOfSql(
              asDouble(of),
              node.values.map((one) => doubleLiteral(Number(one))),
            );
      }
      case 'lookup':
        return lookupSql(compile(node.args[0]), node.table);
      case 'concat':
        return `(${node.args.map(compile).join(' || ')})`;
      case 'upper':
      case 'lower':
        return `sluice_${node.op}(${compile(node.args[0])})`;
      case 'trim':
        return `sluice_lazy_trim(${compile(node.args[0])})`;
      case 'substring': {
        const length = node.length === undefined ? '' : `, ${node.length}`;
        return `substring(${compile(node.args[0])}, ${node.start}${length})`;
      }
      case 'length':
        return `length(${compile(node.args[0])})`;
      case 'matches':
        return `regexp_matches(${compile(node.args[0])}, ${literal(compilePattern(node.pattern, 'sql'))})`;
      case 'year':
      case 'month':
      case 'day':
        return `${node.op}(${compile(node.args[0])})`;
      case 'withinDays': {
        const from = Math.max(Math.ceil(asOf - node.days * DAY_MS), FIRST_INSTANT);
        return `(CAST(${compile(node.args[0])} AS TIMESTAMP) >= ${timestampLiteral(from)})`;
      }
      case 'maskEmail':
        return `sluice_mask_email(${compile(node.args[0])})`;
      case 'pseudonym':
        return `sluice_pseudonym(${compile(node.args[0])})`;
    }
  };
  return compile;
};
