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
  | (Comparison & { readonly StringMatches: string })
  | (Comparison & { readonly NumericLessThanEquals: number })
  | (Comparison & { readonly NumericGreaterThan: number })
  | (Comparison & { readonly NumericGreaterThanEquals: number })
  | (Comparison & { readonly IsPresent: boolean });

export interface Choice<Name> {
  readonly Type: 'Choice';
  readonly Comment?: string;
  readonly Choices: NonEmpty<
    (Test | { readonly And: NonEmpty<Test> } | { readonly Or: NonEmpty<Test> }) & { readonly Next: Name }
  >;
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

/** What the fields of CSV objects are set apart with, in the words of an ItemReader. */
export type CsvDelimiter = 'COMMA' | 'PIPE' | 'SEMICOLON' | 'SPACE' | 'TAB';

/**
 * A task that ends the execution of a batch; a state that only says "over" would cost as much as any other. What it does
 * not catch fails the batch, and the Map counts that.
 */
export interface LastTask<Name> extends Omit<Task<Name>, 'ResultPath' | 'Catch' | 'Next'> {
  readonly ResultPath: '$';
  readonly Catch?: NonEmpty<Catcher<Name>>;
  readonly End: true;
}

/** What is done with each batch, in an execution of its own. */
export interface ItemProcessor<Name extends string = string> {
  readonly ProcessorConfig: { readonly Mode: 'DISTRIBUTED'; readonly ExecutionType: 'STANDARD' | 'EXPRESS' };
  readonly StartAt: Name;
  readonly States: Readonly<Record<Name, LastTask<Name>>>;
}

/**
 * A Distributed Map over the rows of a CSV object. It has no Retry: a second attempt would start with the first row.
 * What failed is retried inside its children, or redriven.
 */
export interface DistributedMap<Name> {
  readonly Type: 'Map';
  readonly Comment?: string;
  /** At most 40 characters; part of the Map Run's ARN. */
  readonly Label: string;
  readonly ItemReader: {
    readonly Resource: 'arn:aws:states:::s3:getObject';
    readonly ReaderConfig: {
      readonly InputType: 'CSV';
      readonly CSVHeaderLocation: 'FIRST_ROW';
      readonly CSVDelimiter: CsvDelimiter;
    };
    readonly Parameters: Template;
  };
  readonly ItemSelector: Template;
  readonly ItemBatcher: {
    readonly MaxItemsPerBatch: number;
    readonly MaxInputBytesPerBatch: number;
    readonly BatchInput: Template;
  };
  readonly MaxConcurrency: number;
  /** Of the items, 0 to 100. */
  readonly ToleratedFailurePercentage: number;
  readonly ItemProcessor: ItemProcessor;
  readonly ResultWriter: {
    readonly Resource: 'arn:aws:states:::s3:putObject';
    readonly Parameters: Template;
    readonly WriterConfig: {
      readonly Transformation: 'NONE' | 'COMPACT' | 'FLATTEN';
      readonly OutputType: 'JSON' | 'JSONL';
    };
  };
  readonly ResultPath: `$.${string}`;
  readonly Catch: NonEmpty<Catcher<Name>>;
  readonly Next: Name;
}

export type State<Name> =
  | Task<Name>
  | Choice<Name>
  | Pass<Name>
  | Wait<Name>
  | DistributedMap<Name>
  | Succeed
  | Fail;

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

/** Checks the same of a batch's own states. */
export const defineItemProcessor = <const Name extends string>(processor: {
  readonly ProcessorConfig: ItemProcessor['ProcessorConfig'];
  readonly StartAt: NoInfer<Name>;
  readonly States: Readonly<Record<Name, LastTask<NoInfer<Name>>>>;
}): ItemProcessor => processor;
