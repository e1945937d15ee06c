import type { Dataset } from '../dataset.ts';
import type { Expr, ExprType } from '../expressions.ts';
import type { FieldDefinition, FieldType } from '../fields.ts';

type Shape<DS extends Dataset> = NonNullable<DS['~shape']>;
type FieldsOf<DS extends Dataset> = Shape<DS>['fields'];
type DerivedOf<DS extends Dataset> = Shape<DS>['derived'];

/** Shows the properties instead of the way to them. */
type Flat<T> = { readonly [K in keyof T]: T[K] };

interface Cells {
  readonly text: string | null;
  readonly double: number | string | null;
  readonly integer: number | string | null;
  readonly decimal: number | string | null;
  readonly boolean: boolean | string | null;
  readonly date: string | null;
  readonly timestamp: string | null;
}

// The conditions below take a field's type as a whole ([F]): options left out may be typed as a union of options.
type Has<F extends FieldDefinition, Options> = [F] extends [Options] ? true : false;

type Cell<F extends FieldDefinition> =
  Has<F, { readonly json: true }> extends true ? unknown : Cells[F['type']];
type SourceName<F extends FieldDefinition, K> = [F] extends [{ readonly from: infer Name extends string }]
  ? Name
  : K;
type HasDefault<F extends FieldDefinition> = Has<F, { readonly default: string | number | boolean }>;
/** The sender has to give it. */
type IsMandatory<F extends FieldDefinition> =
  Has<F, { readonly required: true }> extends true ? (HasDefault<F> extends true ? false : true) : false;

/**
 * What a sender gives: the source's names; numbers, dates and booleans may be text as well. A key may be absent
 * or null unless the field is required and has no default.
 */
export type InputRow<DS extends Dataset> = Flat<
  {
    [K in keyof FieldsOf<DS> as IsMandatory<FieldsOf<DS>[K]> extends true
      ? SourceName<FieldsOf<DS>[K], K>
      : never]: NonNullable<Cell<FieldsOf<DS>[K]>>;
  } & {
    [K in keyof FieldsOf<DS> as IsMandatory<FieldsOf<DS>[K]> extends true
      ? never
      : SourceName<FieldsOf<DS>[K], K>]?: Cell<FieldsOf<DS>[K]>;
  }
>;

interface Values {
  readonly text: string;
  readonly double: number;
  readonly integer: number;
  readonly decimal: string;
  readonly boolean: boolean;
  readonly date: string;
  readonly timestamp: number;
}

type IsPublished<F extends FieldDefinition> =
  Has<F, { readonly publish: true }> extends true
    ? true
    : Has<F, { readonly publish: false } | { readonly pii: true }> extends true
      ? false
      : true;
type IsNullable<F extends FieldDefinition> =
  Has<F, { readonly required: true }> extends true
    ? false
    : Has<F, { readonly onInvalid: 'null' }> extends true
      ? true
      : HasDefault<F> extends true
        ? false
        : true;
type Published<F extends FieldDefinition> =
  IsNullable<F> extends true ? Values[F['type']] | null : Values[F['type']];
type Yields<E extends Expr> = E extends Expr<infer T extends ExprType> ? Values[T & FieldType] | null : never;

/**
 * A row of the published table, partitions included. text: string; double, integer: number; decimal: digits at
 * the column's scale (`-1.50`); date: `yyyy-MM-dd`; timestamp: epoch milliseconds, UTC; boolean.
 */
export type AcceptedRow<DS extends Dataset> = Flat<
  {
    [K in keyof FieldsOf<DS> as IsPublished<FieldsOf<DS>[K]> extends true ? K : never]: Published<
      FieldsOf<DS>[K]
    >;
  } & { [K in keyof DerivedOf<DS>]: Yields<DerivedOf<DS>[K]> } & {
    [P in Shape<DS>['partitions'][number]]: number;
  }
>;
