import {
  compilePattern,
  type Dataset,
  type ExprNode,
  expressionTypes,
  type ValueType,
} from '@sluice/record-schema';
import { isFiniteDouble, isSafe, withoutMinusZero } from './numbers.ts';
import { type Layer, type PlannedColumn, ROW } from './plan.ts';
import { cast, constant, doubleLiteral, identifier, literal, sparkType } from './sql.ts';
import { cased, trim } from './text.ts';

/** An expression, and the layer from which on it can be computed: 0 is behind the dataset's own fields. */
interface Compiled {
  readonly sql: string;
  readonly layer: number;
  /** A column or a constant: it may stand in another expression more than once. */
  readonly isAtom: boolean;
}

export interface ExpressionCompiler {
  /** Adds a derived field, which later expressions may name. */
  readonly add: (name: string, node: ExprNode) => void;
  /** Boolean SQL over the last layer. */
  readonly condition: (node: ExprNode) => string;
  readonly layers: readonly Layer[];
  /** Whether one of the expressions so far makes pseudonyms. */
  readonly makesPseudonyms: () => boolean;
}

const COMPARISONS = { eq: '=', ne: '<>', lt: '<', le: '<=', gt: '>', ge: '>=' } as const;
const SIGNS = { plus: '+', minus: '-', times: '*' } as const;
/** Spark's texts are no longer, nor can its functions count further. */
const MAX_POSITION = 2 ** 31 - 1;
const DAY_MS = 86_400_000;
/** More than there are from 0001 to 9999: every timestamp is within them. */
const ALL_DAYS = 3_660_000;

/** A number of days as an interval, cut to milliseconds, which is what timestamps have. */
const interval = (days: number): string => {
  const milliseconds = Math.floor(Math.min(days, ALL_DAYS) * DAY_MS);
  const rest = new Date(milliseconds % DAY_MS).toISOString().slice(11, 23);
  return `INTERVAL '${Math.floor(milliseconds / DAY_MS)} ${rest}' DAY TO SECOND`;
};

/** A literal's timestamp is `yyyy-MM-dd HH:mm:ss`, unlike a field's constants. */
const literalSql = (type: ValueType, value: string | number | boolean): string =>
  type.type === 'timestamp' ? cast(literal(String(value)), type) : constant(type, value);

/**
 * A compiler of the dataset's expressions to Spark SQL. Columns are named as the dataset names them. What an expression
 * needs more than once gets a column of its own in a layer before it. So it is computed even where a condition would not
 * ask for it: nothing here can fail, whatever the values are.
 */
export const compileExpressions = (dataset: Dataset): ExpressionCompiler => {
  const typeOf = expressionTypes(dataset);
  const layers: PlannedColumn[][] = [];
  const layerOf = new Map(dataset.fields.map(({ name }) => [name, 0]));
  const parts = new Map<string, Compiled>();
  let makesPseudonyms = false;

  const add = (name: string, { sql, layer }: Compiled): void => {
    while (layers.length <= layer) layers.push([]);
    layers[layer]?.push({ name, sql });
  };
  /** As something that may be repeated. */
  const atom = (of: Compiled): Compiled => {
    if (of.isAtom) return of;
    const known = parts.get(of.sql);
    if (known) return known;
    const name = `part ${parts.size}`;
    add(name, of);
    const column = { sql: identifier(name), layer: of.layer + 1, isAtom: true };
    parts.set(of.sql, column);
    return column;
  };
  const of = (args: readonly Compiled[], sql: string): Compiled => ({
    sql,
    layer: Math.max(0, ...args.map(({ layer }) => layer)),
    isAtom: false,
  });
  const map = (arg: Compiled, write: (sql: string) => string): Compiled => of([arg], write(arg.sql));
  const mapAtom = (arg: Compiled, write: (sql: string) => string): Compiled => map(atom(arg), write);

  const as = (type: ValueType, node: ExprNode): Compiled => {
    const compiled = compile(node);
    return sparkType(typeOf(node)) === sparkType(type) ? compiled : map(compiled, (sql) => cast(sql, type));
  };
  const asDouble = (node: ExprNode): Compiled => as({ type: 'double' }, node);
  /** Infinities are null, −0 is 0. */
  const double = (raw: Compiled): Compiled =>
    mapAtom(raw, (x) => `CASE WHEN ${isFiniteDouble(x)} THEN ${withoutMinusZero(x)} END`);

  const arithmetic = (op: keyof typeof SIGNS, left: ExprNode, right: ExprNode, type: ValueType): Compiled => {
    const [a, b] =
      type.type === 'double' ? [asDouble(left), asDouble(right)] : [compile(left), compile(right)];
    const raw = of([a, b], `(${a.sql} ${SIGNS[op]} ${b.sql})`);
    if (type.type === 'double') return double(raw);
    // The definition has seen to it that every result has a place in its type.
    if (type.type === 'decimal') return map(raw, (sql) => cast(sql, type));
    const integer = op === 'times' ? of([a, b], `try_multiply(${a.sql}, ${b.sql})`) : raw;
    return mapAtom(integer, (x) => `CASE WHEN ${isSafe(x)} THEN ${x} END`);
  };

  const comparison = (op: keyof typeof COMPARISONS, left: ExprNode, right: ExprNode): Compiled => {
    const mixed = typeOf(left).type !== typeOf(right).type; // an integer and a double
    const [a, b] = mixed ? [asDouble(left), asDouble(right)] : [compile(left), compile(right)];
    return of([a, b], `(${a.sql} ${COMPARISONS[op]} ${b.sql})`);
  };

  const when = (node: Extract<ExprNode, { op: 'when' }>): Compiled => {
    const type = typeOf(node);
    const cases = node.cases.map((one) => ({ condition: compile(one.if), value: as(type, one.value) }));
    const otherwise = node.otherwise ? [as(type, node.otherwise)] : [];
    const sql = [
      ...cases.map(({ condition, value }) => `WHEN ${condition.sql} THEN ${value.sql}`),
      ...otherwise.map((value) => `ELSE ${value.sql}`),
    ].join(' ');
    return of(
      [...cases.flatMap(({ condition, value }) => [condition, value]), ...otherwise],
      `CASE ${sql} END`,
    );
  };

  const maskEmail = (address: Compiled): Compiled => {
    const x = atom(address);
    const domain = atom(map(x, (sql) => `substring_index(${sql}, '@', -1)`));
    // Its length counts the @, too.
    const isLong = `char_length(${x.sql}) - char_length(${domain.sql}) > 3`;
    const start = `CASE WHEN ${isLong} THEN substring(${x.sql}, 1, 2) ELSE '' END`;
    return of(
      [x, domain],
      `CASE WHEN NOT contains(${x.sql}, '@') THEN '***' ELSE concat(${start}, '***@', ${domain.sql}) END`,
    );
  };

  const compile = (node: ExprNode): Compiled => {
    switch (node.op) {
      case 'col': {
        const layer = layerOf.get(node.name);
        if (layer === undefined) throw new Error(`there is no column ${JSON.stringify(node.name)}`);
        return { sql: identifier(node.name), layer, isAtom: true };
      }
      case 'lit':
        return { sql: literalSql(typeOf(node), node.value), layer: 0, isAtom: true };
      case 'plus':
      case 'minus':
      case 'times':
        return arithmetic(node.op, node.args[0], node.args[1], typeOf(node));
      case 'divide': {
        const [a, b] = [asDouble(node.args[0]), asDouble(node.args[1])];
        return double(of([a, b], `try_divide(${a.sql}, ${b.sql})`));
      }
      case 'negate': {
        const isDouble = typeOf(node).type === 'double';
        return map(compile(node.args[0]), (sql) => (isDouble ? `(0.0D - ${sql})` : `(- ${sql})`));
      }
      case 'eq':
      case 'ne':
      case 'lt':
      case 'le':
      case 'gt':
      case 'ge':
        return comparison(node.op, node.args[0], node.args[1]);
      case 'and':
      case 'or': {
        const args = node.args.map(compile);
        return of(args, `(${args.map(({ sql }) => sql).join(` ${node.op.toUpperCase()} `)})`);
      }
      case 'not':
        return map(compile(node.args[0]), (sql) => `(NOT ${sql})`);
      case 'isNull':
        return map(compile(node.args[0]), (sql) => `(${sql} IS NULL)`);
      case 'coalesce': {
        const args = node.args.map((one) => as(typeOf(node), one));
        return of(args, `coalesce(${args.map(({ sql }) => sql).join(', ')})`);
      }
      case 'when':
        return when(node);
      case 'oneOf': {
        const isText = typeOf(node.args[0]).type === 'text';
        const values = node.values.map((one) => (isText ? literal(String(one)) : doubleLiteral(Number(one))));
        const arg = isText ? compile(node.args[0]) : asDouble(node.args[0]);
        return map(arg, (sql) => `(${sql} IN (${values.join(', ')}))`);
      }
      case 'lookup': {
        const entries = Object.entries(node.table).flat().map(literal).join(', ');
        return map(compile(node.args[0]), (sql) => `try_element_at(map(${entries}), ${sql})`);
      }
      case 'concat': {
        const args = node.args.map(compile);
        return of(args, `concat(${args.map(({ sql }) => sql).join(', ')})`);
      }
      case 'upper':
      case 'lower': {
        const to = node.op;
        return mapAtom(compile(node.args[0]), (x) => cased(to, x));
      }
      case 'trim':
        return mapAtom(compile(node.args[0]), trim);
      case 'substring': {
        const [start, length] = [node.start, node.length ?? MAX_POSITION].map((one) =>
          Math.min(one, MAX_POSITION),
        );
        return map(compile(node.args[0]), (sql) => `substring(${sql}, ${start}, ${length})`);
      }
      case 'length':
        return map(compile(node.args[0]), (sql) => `CAST(char_length(${sql}) AS BIGINT)`);
      case 'matches':
        return map(
          compile(node.args[0]),
          (sql) => `(${sql} RLIKE ${literal(compilePattern(node.pattern, 'java'))})`,
        );
      case 'year':
      case 'month':
      case 'day':
        return map(compile(node.args[0]), (sql) => `CAST(${node.op}(${sql}) AS BIGINT)`);
      case 'withinDays':
        return map(
          as({ type: 'timestamp' }, node.args[0]),
          (sql) => `(${sql} >= ${identifier(ROW.asOf)} - ${interval(node.days)})`,
        );
      case 'maskEmail':
        return maskEmail(compile(node.args[0]));
      case 'pseudonym':
        makesPseudonyms = true;
        return map(compile(node.args[0]), (sql) => `sluice_pseudonym(${sql})`);
    }
  };

  return {
    add: (name, node) => {
      const compiled = compile(node);
      add(name, compiled);
      layerOf.set(name, compiled.layer + 1);
    },
    condition: (node) => compile(node).sql,
    layers,
    makesPseudonyms: () => makesPseudonyms,
  };
};
