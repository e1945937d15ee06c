import type { ExprNode } from './expressions.ts';
import { isDay, parseTimestampLiteral } from './field-rules.ts';
import { compilePattern } from './patterns.ts';

/** The type of a column or of an expression's value; decimals carry their digits. */
export type ValueType =
  | { readonly type: 'text' | 'double' | 'integer' | 'boolean' | 'date' | 'timestamp' }
  | { readonly type: 'decimal'; readonly precision: number; readonly scale: number };

/** A column that an expression may name. */
export interface KnownColumn {
  readonly valueType: ValueType;
  readonly pii: boolean;
}

const MAX_DECIMAL_DIGITS = 38;

const fail = (what: string): never => {
  throw new Error(what);
};

/** A lone surrogate has no UTF-8. */
const isText = (value: unknown): boolean => typeof value === 'string' && value.isWellFormed();

const isNumber = (of: ValueType): boolean => of.type === 'integer' || of.type === 'double';

const decimalType = (precision: number, scale: number, op: string): ValueType =>
  precision > MAX_DECIMAL_DIGITS || scale > MAX_DECIMAL_DIGITS
    ? fail(`${op} may need ${precision} digits, a decimal has at most ${MAX_DECIMAL_DIGITS}`)
    : { type: 'decimal', precision, scale };

/** Digits of a decimal literal as it is written. */
const literalDecimal = (value: unknown): ValueType => {
  const parts = /^[+-]?(\d+)(?:\.(\d+))?$/.exec(String(value));
  if (!parts) return fail(`${JSON.stringify(value)} is not a decimal literal like -12.50`);
  const scale = parts[2]?.length ?? 0;
  const whole = (parts[1] ?? '').replace(/^0+/, '').length;
  return decimalType(Math.max(whole + scale, 1), scale, 'the literal');
};

const literalType = (node: Extract<ExprNode, { op: 'lit' }>): ValueType => {
  const { value } = node;
  const wrong = (): never => fail(`${JSON.stringify(value)} is not a literal of type ${node.type}`);
  switch (node.type) {
    case 'text':
      return isText(value) ? { type: 'text' } : wrong();
    case 'boolean':
      return typeof value === 'boolean' ? { type: 'boolean' } : wrong();
    case 'integer':
      return Number.isSafeInteger(value) ? { type: 'integer' } : wrong();
    case 'double':
      return Number.isFinite(value) ? { type: 'double' } : wrong();
    case 'decimal':
      return literalDecimal(value);
    case 'date':
      return typeof value === 'string' && isDay(value) ? { type: 'date' } : wrong();
    case 'timestamp':
      return typeof value === 'string' && parseTimestampLiteral(value) !== null
        ? { type: 'timestamp' }
        : wrong();
    default:
      return wrong();
  }
};

/** One type that holds both, or null: integers widen to doubles, decimals to the wider of the two. */
const unify = (a: ValueType, b: ValueType): ValueType | null => {
  if (a.type === 'decimal' && b.type === 'decimal') {
    const scale = Math.max(a.scale, b.scale);
    return decimalType(
      Math.max(a.precision - a.scale, b.precision - b.scale) + scale,
      scale,
      'the common type',
    );
  }
  if (a.type === b.type) return a;
  return isNumber(a) && isNumber(b) ? { type: 'double' } : null;
};

const unifyAll = (types: readonly ValueType[], op: string): ValueType =>
  types.reduce((a, b) => unify(a, b) ?? fail(`${op} mixes ${a.type} and ${b.type}`));

const arithmetic = (op: 'plus' | 'minus' | 'times', a: ValueType, b: ValueType): ValueType => {
  if (a.type === 'decimal' && b.type === 'decimal') {
    if (op === 'times') return decimalType(a.precision + b.precision, a.scale + b.scale, op);
    const scale = Math.max(a.scale, b.scale);
    return decimalType(Math.max(a.precision - a.scale, b.precision - b.scale) + scale + 1, scale, op);
  }
  if (!isNumber(a) || !isNumber(b))
    return fail(`${op} takes two numbers or two decimals, not ${a.type} and ${b.type}`);
  return a.type === 'integer' && b.type === 'integer' ? { type: 'integer' } : { type: 'double' };
};

/**
 * The type that an expression yields over the given columns. Throws an `Error` that says what is wrong with it:
 * an unknown column, a type that an operation does not take, personal data outside a mask.
 */
export const typeOfExpression = (node: ExprNode, columns: ReadonlyMap<string, KnownColumn>): ValueType => {
  const typeOf = (of: ExprNode): ValueType => typeOfExpression(of, columns);
  const expect = (of: ExprNode, op: string, ...types: readonly ValueType['type'][]): ValueType => {
    const found = typeOf(of);
    return types.includes(found.type) ? found : fail(`${op} takes ${types.join(' or ')}, not ${found.type}`);
  };
  switch (node.op) {
    case 'col': {
      const column =
        columns.get(node.name) ?? fail(`there is no column ${JSON.stringify(node.name)} before it`);
      if (column.pii) return fail(`${node.name} is personal data: use maskEmail or pseudonym`);
      return column.valueType;
    }
    case 'lit':
      return literalType(node);
    case 'plus':
    case 'minus':
    case 'times':
      return arithmetic(node.op, typeOf(node.args[0]), typeOf(node.args[1]));
    case 'divide':
      expect(node.args[0], node.op, 'integer', 'double');
      expect(node.args[1], node.op, 'integer', 'double');
      return { type: 'double' };
    case 'negate':
      return expect(node.args[0], node.op, 'integer', 'double', 'decimal');
    case 'eq':
    case 'ne':
    case 'lt':
    case 'le':
    case 'gt':
    case 'ge':
      unifyAll([typeOf(node.args[0]), typeOf(node.args[1])], node.op);
      return { type: 'boolean' };
    case 'and':
    case 'or':
      if (node.args.length === 0) return fail(`${node.op} needs an argument`);
      for (const one of node.args) expect(one, node.op, 'boolean');
      return { type: 'boolean' };
    case 'not':
      return expect(node.args[0], node.op, 'boolean');
    case 'isNull':
      typeOf(node.args[0]);
      return { type: 'boolean' };
    case 'coalesce':
      if (node.args.length === 0) return fail('coalesce needs an argument');
      return unifyAll(node.args.map(typeOf), node.op);
    case 'when': {
      if (node.cases.length === 0) return fail('when needs a case');
      for (const one of node.cases) expect(one.if, 'a condition', 'boolean');
      const values = node.cases.map((one) => typeOf(one.value));
      return unifyAll(node.otherwise ? [...values, typeOf(node.otherwise)] : values, node.op);
    }
    case 'oneOf': {
      const { type } = expect(node.args[0], node.op, 'text', 'integer', 'double');
      const fits = (one: unknown): boolean => (type === 'text' ? isText(one) : Number.isFinite(one));
      if (node.values.length === 0) return fail('oneOf needs a value');
      if (!node.values.every(fits)) return fail(`oneOf of a ${type} takes values of that type`);
      return { type: 'boolean' };
    }
    case 'lookup':
      if (Object.keys(node.table).length === 0) return fail('lookup needs an entry');
      if (!Object.entries(node.table).flat().every(isText)) return fail('the table of a lookup holds text');
      return expect(node.args[0], node.op, 'text');
    case 'concat':
      if (node.args.length === 0) return fail('concat needs an argument');
      for (const one of node.args) expect(one, node.op, 'text');
      return { type: 'text' };
    case 'upper':
    case 'lower':
    case 'trim':
      return expect(node.args[0], node.op, 'text');
    case 'substring':
      if (!Number.isSafeInteger(node.start) || node.start < 1) return fail('substring starts at 1 or later');
      if (node.length !== undefined && !(Number.isSafeInteger(node.length) && node.length >= 0)) {
        return fail('the length of a substring is a whole number');
      }
      return expect(node.args[0], node.op, 'text');
    case 'length':
      expect(node.args[0], node.op, 'text');
      return { type: 'integer' };
    case 'matches':
      compilePattern(node.pattern, 'sql');
      expect(node.args[0], node.op, 'text');
      return { type: 'boolean' };
    case 'year':
    case 'month':
    case 'day':
      expect(node.args[0], node.op, 'date', 'timestamp');
      return { type: 'integer' };
    case 'withinDays':
      if (!Number.isFinite(node.days) || node.days < 0) return fail('withinDays takes a number of days');
      expect(node.args[0], node.op, 'date', 'timestamp');
      return { type: 'boolean' };
    case 'maskEmail':
    case 'pseudonym': {
      const of = node.args[0];
      // The masks are the one way out for personal data, so the column itself is looked up here.
      const found = of.op === 'col' ? columns.get(of.name)?.valueType : typeOf(of);
      if (!found)
        return fail(`there is no column ${JSON.stringify(of.op === 'col' ? of.name : of.op)} before it`);
      return found.type === 'text' ? found : fail(`${node.op} takes text, not ${found.type}`);
    }
    default:
      return fail(`there is no operation ${JSON.stringify((node as { op?: unknown }).op)}`);
  }
};
