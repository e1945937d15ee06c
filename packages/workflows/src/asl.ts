/**
 * The part of the Amazon States Language that our state machines use, with the house's rules in the types: a state
 * that is named but does not exist does not compile, nor does a Task without a timeout, retries and a catch.
 * https://states-language.net/spec.html
 */

type NonEmpty<T> = readonly [T, ...T[]];

type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** A JSONPath into the document (`$.`) or the context (`$$.`), or an intrinsic function. */
export type Computed = `$.${string}` | `$$.${string}` | `States.${string}`;

/** A template: a name that ends in `.$` is computed, any other one is plain JSON. */
export interface Template {
  readonly [computed: `${string}.$`]: Computed;
  readonly [plain: string]: Json | Template;
}

export interface Retrier {
  readonly ErrorEquals: NonEmpty<string>;
  readonly IntervalSeconds: number;
  readonly MaxAttempts: number;
  readonly BackoffRate: number;
  readonly MaxDelaySeconds: number;
  readonly JitterStrategy: 'FULL';
}

export interface Catcher<Name> {
  readonly ErrorEquals: NonEmpty<string>;
  readonly ResultPath: '$.error';
  readonly Next: Name;
}

export interface Task<Name> {
  readonly Type: 'Task';
  readonly Comment?: string;
  readonly Resource: `arn:${string}`;
  readonly Parameters: Template;
  readonly ResultSelector?: Template;
  /** Null drops the result and hands on the input. */
  readonly ResultPath: `$.${string}` | null;
  readonly TimeoutSeconds: number;
  readonly Retry: NonEmpty<Retrier>;
  readonly Catch: NonEmpty<Catcher<Name>>;
  readonly Next: Name;
}

interface Comparison {
  readonly Variable: `$.${string}`;
}
type Test =
  | (Comparison & { readonly BooleanEquals: boolean })
  | (Comparison & { readonly StringEquals: string })
  | (Comparison & { readonly NumericLessThanEquals: number })
  | (Comparison & { readonly NumericGreaterThanEquals: number })
  | (Comparison & { readonly IsPresent: boolean });

export interface Choice<Name> {
  readonly Type: 'Choice';
  readonly Comment?: string;
  readonly Choices: NonEmpty<(Test | { readonly And: NonEmpty<Test> }) & { readonly Next: Name }>;
  readonly Default: Name;
}

export interface Pass<Name> {
  readonly Type: 'Pass';
  readonly Comment?: string;
  readonly Parameters: Template;
  readonly ResultPath: `$.${string}`;
  readonly Next: Name;
}

export interface Wait<Name> {
  readonly Type: 'Wait';
  readonly Comment?: string;
  readonly Seconds: number;
  readonly Next: Name;
}

export interface Succeed {
  readonly Type: 'Succeed';
}

export interface Fail {
  readonly Type: 'Fail';
  readonly Error: string;
  readonly CausePath: Computed;
}

export type State<Name> = Task<Name> | Choice<Name> | Pass<Name> | Wait<Name> | Succeed | Fail;

export interface StateMachine<Name extends string = string> {
  readonly Comment: string;
  readonly StartAt: Name;
  /** Of the whole execution, waits and retries included. */
  readonly TimeoutSeconds: number;
  readonly States: Readonly<Record<Name, State<Name>>>;
}

/** Checks, at compile time, that every state that is named is there. */
export const defineStateMachine = <const Name extends string>(machine: {
  readonly Comment: string;
  readonly StartAt: NoInfer<Name>;
  readonly TimeoutSeconds: number;
  readonly States: Readonly<Record<Name, State<NoInfer<Name>>>>;
}): StateMachine<Name> => machine;
