import type { FieldDefinition, FieldType } from './fields.ts';

/** What an expression yields. `pii` is personal text: only a mask takes it. */
export type ExprType = FieldType | 'pii';

type Binary = 'plus' | 'minus' | 'times' | 'divide' | 'eq' | 'ne' | 'lt' | 'le' | 'gt' | 'ge';
type Unary =
  | 'negate'
  | 'not'
  | 'isNull'
  | 'upper'
  | 'lower'
  | 'trim'
  | 'length'
  | 'year'
  | 'month'
  | 'day'
  | 'maskEmail'
  | 'pseudonym';
type Variadic = 'and' | 'or' | 'coalesce' | 'concat';

/** The expression tree, as plain data: every engine compiles it by an exhaustive switch over `op`. */
export type ExprNode =
  | { readonly op: 'col'; readonly name: string }
  | { readonly op: 'lit'; readonly type: FieldType; readonly value: string | number | boolean }
  | { readonly op: Binary; readonly args: readonly [ExprNode, ExprNode] }
  | { readonly op: Unary; readonly args: readonly [ExprNode] }
  | { readonly op: Variadic; readonly args: readonly ExprNode[] }
  | {
      readonly op: 'when';
      readonly cases: readonly { readonly if: ExprNode; readonly value: ExprNode }[];
      readonly otherwise?: ExprNode;
    }
  | {
      readonly op: 'oneOf';
      readonly args: readonly [ExprNode];
      readonly values: readonly (string | number)[];
    }
  | {
      readonly op: 'lookup';
      readonly args: readonly [ExprNode];
      readonly table: Readonly<Record<string, string>>;
    }
  | { readonly op: 'matches'; readonly args: readonly [ExprNode]; readonly pattern: string }
  | {
      readonly op: 'substring';
      readonly args: readonly [ExprNode];
      /** 1 is the first code point, as in SQL. */
      readonly start: number;
      /** In code points; absent: to the end. */
      readonly length?: number;
    }
  | { readonly op: 'withinDays'; readonly args: readonly [ExprNode]; readonly days: number };

/** An expression that yields a `T`, or null. The type lives in the compiler only. */
export type Expr<T extends ExprType = ExprType> = ExprNode & { readonly '~yields'?: T };

type Num = 'integer' | 'double';
type NumExpr = Expr<Num>;
type DecExpr = Expr<'decimal'>;
type Comparable = 'text' | 'double' | 'integer' | 'decimal' | 'date' | 'timestamp' | 'boolean';
/** What a `T` may be compared with: numbers with numbers, everything else with its own kind. */
type Peer<T extends Comparable> = T extends Num ? Num : T;

/** What `defineDataset` hands to the author: the dataset's own columns, so that a misspelt one does not compile. */
export interface Columns<F extends Readonly<Record<string, FieldDefinition>>> {
  readonly col: <K extends keyof F & string>(
    name: K,
  ) => Expr<F[K] extends { readonly pii: true } ? 'pii' : F[K]['type']>;
}

export const col = (name: string): Expr<never> => ({ op: 'col', name });

export function lit(value: string): Expr<'text'>;
export function lit(value: boolean): Expr<'boolean'>;
export function lit(value: number): NumExpr;
export function lit<T extends 'date' | 'timestamp' | 'decimal'>(value: string, type: T): Expr<T>;
/** A constant. Numbers without a fraction are integers. Dates are `yyyy-MM-dd`, timestamps `yyyy-MM-dd HH:mm:ss`. */
export function lit(value: string | number | boolean, type?: FieldType): ExprNode {
  if (type) return { op: 'lit', type, value };
  if (typeof value === 'string') return { op: 'lit', type: 'text', value };
  if (typeof value === 'boolean') return { op: 'lit', type: 'boolean', value };
  return { op: 'lit', type: Number.isSafeInteger(value) ? 'integer' : 'double', value };
}

interface Arithmetic {
  (left: Expr<'integer'>, right: Expr<'integer'>): Expr<'integer'>;
  (left: NumExpr, right: NumExpr): NumExpr;
  (left: DecExpr, right: DecExpr): DecExpr;
}
const arithmetic =
  (op: 'plus' | 'minus' | 'times'): Arithmetic =>
  (left: ExprNode, right: ExprNode): Expr<never> => ({ op, args: [left, right] });

export const plus = arithmetic('plus');
export const minus = arithmetic('minus');
export const times = arithmetic('times');
/** Always a double; division by zero is null. */
export const divide = (left: NumExpr, right: NumExpr): Expr<'double'> => ({
  op: 'divide',
  args: [left, right],
});
export const negate = <T extends Num | 'decimal'>(of: Expr<T>): Expr<T> => ({ op: 'negate', args: [of] });

const comparison =
  (op: 'eq' | 'ne' | 'lt' | 'le' | 'gt' | 'ge') =>
  <T extends Comparable>(left: Expr<T>, right: Expr<Peer<T>>): Expr<'boolean'> => ({
    op,
    args: [left, right],
  });

export const eq = comparison('eq');
export const ne = comparison('ne');
export const lt = comparison('lt');
export const le = comparison('le');
export const gt = comparison('gt');
export const ge = comparison('ge');

type Bool = Expr<'boolean'>;
export const and = (...args: readonly Bool[]): Bool => ({ op: 'and', args });
export const or = (...args: readonly Bool[]): Bool => ({ op: 'or', args });
export const not = (of: Bool): Bool => ({ op: 'not', args: [of] });
/** Never null. */
export const isNull = (of: Expr<FieldType>): Bool => ({ op: 'isNull', args: [of] });
/** The first of its arguments that is not null. */
export const coalesce = <T extends FieldType>(...args: readonly Expr<T>[]): Expr<T> => ({
  op: 'coalesce',
  args,
});

/** `when([[condition, value], …], otherwise)`; a null condition is not true; without `otherwise`: null. */
export const when = <T extends FieldType>(
  cases: readonly (readonly [condition: Bool, value: Expr<T>])[],
  otherwise?: Expr<T>,
): Expr<T> => ({
  op: 'when',
  cases: cases.map(([condition, value]) => ({ if: condition, value })),
  ...(otherwise && { otherwise }),
});

export function oneOf(of: Expr<'text'>, values: readonly string[]): Bool;
export function oneOf(of: NumExpr, values: readonly number[]): Bool;
export function oneOf(of: ExprNode, values: readonly (string | number)[]): Bool {
  return { op: 'oneOf', args: [of], values };
}

type Text = Expr<'text'>;
/** The table's value for a key; a missing key is null. */
export const lookup = (of: Text, table: Readonly<Record<string, string>>): Text => ({
  op: 'lookup',
  args: [of],
  table,
});
/** Null if any part is null. */
export const concat = (...args: readonly Text[]): Text => ({ op: 'concat', args });
export const upper = (of: Text): Text => ({ op: 'upper', args: [of] });
export const lower = (of: Text): Text => ({ op: 'lower', args: [of] });
export const trim = (of: Text): Text => ({ op: 'trim', args: [of] });
/** `start` counts from 1, both in code points; without `length`, to the end. */
export const substring = (of: Text, start: number, length?: number): Text => ({
  op: 'substring',
  args: [of],
  start,
  ...(length !== undefined && { length }),
});
/** In code points. */
export const length = (of: Text): Expr<'integer'> => ({ op: 'length', args: [of] });
export const matches = (of: Text, pattern: string): Bool => ({ op: 'matches', args: [of], pattern });

type Moment = Expr<'date' | 'timestamp'>;
export const year = (of: Moment): Expr<'integer'> => ({ op: 'year', args: [of] });
export const month = (of: Moment): Expr<'integer'> => ({ op: 'month', args: [of] });
export const day = (of: Moment): Expr<'integer'> => ({ op: 'day', args: [of] });
/** `of ≥ asOf − days × 86,400 s`. */
export const withinDays = (of: Moment, days: number): Bool => ({ op: 'withinDays', args: [of], days });

/** Hides an e-mail address but for two code points and its domain; without an `@`, all of it. */
export const maskEmail = (of: Expr<'text' | 'pii'>): Text => ({ op: 'maskEmail', args: [of] });
/** HMAC-SHA-256 under the environment's key, as 64 lower-case hex digits. */
export const pseudonym = (of: Expr<'text' | 'pii'>): Text => ({ op: 'pseudonym', args: [of] });
