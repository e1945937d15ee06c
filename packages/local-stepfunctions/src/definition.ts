import type { Json, JsonObject } from './json.ts';

/**
 * The shapes of Amazon States Language definitions, as `loadDefinition` accepts them. In a JSONPath machine
 * a state may be of the other language, in a JSONata machine it may not.
 */
export type StateMachineDefinition = JsonPathMachine | JsonataMachine;

interface MachineFields {
  readonly Version?: '1.0';
  readonly TimeoutSeconds?: number;
}

interface JsonPathMachine extends MachineFields, MixedGraph {
  readonly QueryLanguage?: 'JSONPath';
}

interface JsonataMachine extends MachineFields, JsonataGraph {
  readonly QueryLanguage: 'JSONata';
}

/** States that run one after another. */
interface Graph<State> {
  readonly Comment?: string;
  readonly StartAt: string;
  readonly States: Readonly<Record<string, State>>;
}

/** What may stand in a JSONPath machine, as the whole of it, a branch or a processor. */
export interface MixedGraph extends Graph<StateDefinition> {}

/** The same in a JSONata machine. */
export interface JsonataGraph extends Graph<JsonataState<JsonataGraph>> {}

/** A state of a JSONPath machine. */
export type StateDefinition =
  | TaskState
  | ChoiceState
  | PassState
  | WaitState
  | SucceedState
  | FailState
  | ParallelState
  | MapState
  | (JsonataState<MixedGraph> & { readonly QueryLanguage: 'JSONata' });

/** The new values of variables, by their names. */
type Assign = Readonly<Record<string, Json>>;

interface CommonFields {
  readonly Comment?: string;
  readonly QueryLanguage?: 'JSONPath';
  /** A JSONPath; null stands for `{}`. */
  readonly InputPath?: string | null;
  readonly OutputPath?: string | null;
}

/** Exactly one of the two. */
type Transition = { readonly Next: string } | { readonly End: true };

interface ResultFields {
  /** A template, in which `$` is the raw result. */
  readonly Assign?: Assign;
  readonly Parameters?: Json;
  readonly ResultSelector?: Json;
  /** A reference path; null drops the result. */
  readonly ResultPath?: string | null;
}

interface ErrorHandlers {
  readonly Retry?: readonly Retrier[];
  readonly Catch?: readonly Catcher[];
}

export interface Retrier {
  readonly Comment?: string;
  readonly ErrorEquals: readonly string[];
  readonly IntervalSeconds?: number;
  readonly MaxAttempts?: number;
  readonly BackoffRate?: number;
  readonly MaxDelaySeconds?: number;
  readonly JitterStrategy?: 'FULL' | 'NONE';
}

export interface Catcher {
  readonly Comment?: string;
  readonly ErrorEquals: readonly string[];
  readonly Next: string;
  readonly ResultPath?: string | null;
  readonly Assign?: Assign;
}

export type TaskState = CommonFields &
  Transition &
  ResultFields &
  ErrorHandlers & {
    readonly Type: 'Task';
    readonly Resource: string;
    readonly TimeoutSeconds?: number;
    readonly TimeoutSecondsPath?: string;
    readonly HeartbeatSeconds?: number;
    readonly HeartbeatSecondsPath?: string;
    readonly Credentials?: Json;
  };

export interface ChoiceState extends CommonFields {
  readonly Type: 'Choice';
  readonly Choices: readonly (ChoiceRule & { readonly Next: string; readonly Assign?: Assign })[];
  readonly Default?: string;
  /** Goes with Default. */
  readonly Assign?: Assign;
}

/** One comparison of a variable, or And, Or, Not. */
export type ChoiceRule =
  | { readonly And: readonly ChoiceRule[] }
  | { readonly Or: readonly ChoiceRule[] }
  | { readonly Not: ChoiceRule }
  | ({ readonly Variable: string } & ComparisonField);

type Order = 'Equals' | 'LessThan' | 'GreaterThan' | 'LessThanEquals' | 'GreaterThanEquals';
type ComparisonField =
  | { readonly [Operator in `${'String' | 'Timestamp'}${Order}` | 'StringMatches']?: string }
  | { readonly [Operator in `Numeric${Order}`]?: number }
  | {
      readonly [Operator in
        | `${'String' | 'Timestamp' | 'Numeric'}${Order}Path`
        | 'BooleanEqualsPath']?: string;
    }
  | {
      readonly [Operator in
        | 'BooleanEquals'
        | 'IsPresent'
        | 'IsNull'
        | 'IsNumeric'
        | 'IsString'
        | 'IsBoolean'
        | 'IsTimestamp']?: boolean;
    };

export type PassState = CommonFields &
  Transition & {
    readonly Type: 'Pass';
    readonly Assign?: Assign;
    readonly Result?: Json;
    readonly Parameters?: Json;
    readonly ResultPath?: string | null;
  };

export type WaitState = CommonFields &
  Transition & { readonly Type: 'Wait'; readonly Assign?: Assign } & (
    | { readonly Seconds: number }
    | { readonly SecondsPath: string }
    | { readonly Timestamp: string }
    | { readonly TimestampPath: string }
  );

export interface SucceedState extends CommonFields {
  readonly Type: 'Succeed';
}

export interface FailState {
  readonly Type: 'Fail';
  readonly Comment?: string;
  readonly QueryLanguage?: 'JSONPath';
  readonly Error?: string;
  readonly ErrorPath?: string;
  readonly Cause?: string;
  readonly CausePath?: string;
}

export type ParallelState = CommonFields &
  Transition &
  ResultFields &
  ErrorHandlers & {
    readonly Type: 'Parallel';
    readonly Branches: readonly MixedGraph[];
  };

export type MapState = CommonFields &
  Transition &
  ResultFields &
  ErrorHandlers & {
    readonly Type: 'Map';
    readonly ItemsPath?: string;
    readonly ItemSelector?: Json;
    readonly MaxConcurrency?: number;
    readonly MaxConcurrencyPath?: string;
    readonly ItemProcessor?: ItemProcessor<MixedGraph>;
    /** The former name of ItemProcessor. */
    readonly Iterator?: ItemProcessor<MixedGraph>;
  } & DistributedMapFields;

/** Allowed with Mode DISTRIBUTED only. */
interface DistributedMapFields {
  readonly ItemReader?: ItemReader;
  readonly ItemBatcher?: ItemBatcher;
  readonly ResultWriter?: ResultWriter;
  readonly ToleratedFailureCount?: number;
  readonly ToleratedFailureCountPath?: string;
  /** From 0 to 100, fractions allowed. */
  readonly ToleratedFailurePercentage?: number;
  readonly ToleratedFailurePercentagePath?: string;
  /** At most 40 characters. */
  readonly Label?: string;
}

export interface ItemReader {
  /** `arn:aws:states:::s3:getObject` or `arn:aws:states:::s3:listObjectsV2`. */
  readonly Resource: string;
  readonly Parameters?: Json;
  readonly ReaderConfig?: ReaderConfig;
}

export interface ReaderConfig {
  readonly InputType?: 'CSV' | 'JSON' | 'JSONL' | 'MANIFEST' | 'PARQUET';
  readonly ManifestType?: 'ATHENA_DATA' | 'S3_INVENTORY';
  readonly Transformation?: 'NONE' | 'LOAD_AND_FLATTEN';
  readonly CSVHeaderLocation?: 'FIRST_ROW' | 'GIVEN';
  readonly CSVHeaders?: readonly string[];
  readonly CSVDelimiter?: 'COMMA' | 'PIPE' | 'SEMICOLON' | 'SPACE' | 'TAB';
  /** A JSON pointer (RFC 6901) to the array in a JSON file. */
  readonly ItemsPointer?: string;
  /** 0 for all. */
  readonly MaxItems?: number;
  readonly MaxItemsPath?: string;
}

export interface ItemBatcher {
  readonly MaxItemsPerBatch?: number;
  readonly MaxItemsPerBatchPath?: string;
  readonly MaxInputBytesPerBatch?: number;
  readonly MaxInputBytesPerBatchPath?: string;
  readonly BatchInput?: Json;
}

export interface ResultWriter {
  /** `arn:aws:states:::s3:putObject`. */
  readonly Resource?: string;
  readonly Parameters?: Json;
  readonly WriterConfig?: {
    readonly OutputType?: 'JSON' | 'JSONL';
    readonly Transformation?: 'NONE' | 'COMPACT' | 'FLATTEN';
  };
}

export type ItemProcessor<Inner> = Inner & {
  readonly ProcessorConfig?:
    | { readonly Mode?: 'INLINE' }
    | { readonly Mode: 'DISTRIBUTED'; readonly ExecutionType: 'STANDARD' | 'EXPRESS' };
};

/** A text that is a JSONata expression. */
export type JsonataExpression = `{%${string}%}`;

type NumberOrExpression = number | JsonataExpression;

/**
 * A JSONata state. In a field of type Json any text, also a deep one, may be an expression.
 *
 * @typeParam Inner the graphs that may stand inside it
 */
export type JsonataState<Inner> =
  | JsonataTaskState
  | JsonataChoiceState
  | JsonataPassState
  | JsonataWaitState
  | JsonataSucceedState
  | JsonataFailState
  | JsonataParallelState<Inner>
  | JsonataMapState<Inner>;

interface JsonataCommonFields {
  readonly Comment?: string;
  readonly QueryLanguage?: 'JSONata';
}

interface JsonataOutputFields {
  readonly Output?: Json;
  readonly Assign?: Assign;
}

interface JsonataErrorHandlers {
  readonly Retry?: readonly Retrier[];
  readonly Catch?: readonly JsonataCatcher[];
}

export interface JsonataCatcher extends JsonataOutputFields {
  readonly Comment?: string;
  readonly ErrorEquals: readonly string[];
  readonly Next: string;
}

export type JsonataTaskState = JsonataCommonFields &
  JsonataOutputFields &
  JsonataErrorHandlers &
  Transition & {
    readonly Type: 'Task';
    readonly Resource: string;
    readonly Arguments?: Json;
    readonly TimeoutSeconds?: NumberOrExpression;
    readonly HeartbeatSeconds?: NumberOrExpression;
    readonly Credentials?: Json;
  };

/** Its own Output and Assign go with Default. */
export interface JsonataChoiceState extends JsonataCommonFields, JsonataOutputFields {
  readonly Type: 'Choice';
  readonly Choices: readonly JsonataChoiceRule[];
  readonly Default?: string;
}

export interface JsonataChoiceRule extends JsonataOutputFields {
  readonly Comment?: string;
  readonly Condition: boolean | JsonataExpression;
  readonly Next: string;
}

export type JsonataPassState = JsonataCommonFields &
  JsonataOutputFields &
  Transition & { readonly Type: 'Pass' };

export type JsonataWaitState = JsonataCommonFields &
  JsonataOutputFields &
  Transition & { readonly Type: 'Wait' } & (
    | { readonly Seconds: NumberOrExpression }
    | { readonly Timestamp: string }
  );

export interface JsonataSucceedState extends JsonataCommonFields {
  readonly Type: 'Succeed';
  readonly Output?: Json;
}

export interface JsonataFailState extends JsonataCommonFields {
  readonly Type: 'Fail';
  readonly Error?: string;
  readonly Cause?: string;
}

export type JsonataParallelState<Inner> = JsonataCommonFields &
  JsonataOutputFields &
  JsonataErrorHandlers &
  Transition & {
    readonly Type: 'Parallel';
    readonly Arguments?: Json;
    readonly Branches: readonly Inner[];
  };

export type JsonataMapState<Inner> = JsonataCommonFields &
  JsonataOutputFields &
  JsonataErrorHandlers &
  Transition & {
    readonly Type: 'Map';
    /** An array, of a Distributed Map an object too, or an expression that gives one; the state's input if absent. */
    readonly Items?: readonly Json[] | JsonObject | JsonataExpression;
    readonly ItemSelector?: Json;
    readonly MaxConcurrency?: NumberOrExpression;
    readonly ItemProcessor?: ItemProcessor<Inner>;
    /** The former name of ItemProcessor. */
    readonly Iterator?: ItemProcessor<Inner>;
  } & JsonataDistributedMapFields;

/** Allowed with Mode DISTRIBUTED only. */
interface JsonataDistributedMapFields {
  readonly ItemReader?: Omit<ItemReader, 'Parameters' | 'ReaderConfig'> & {
    readonly Arguments?: Json;
    readonly ReaderConfig?: Omit<ReaderConfig, 'MaxItems' | 'MaxItemsPath'> & {
      readonly MaxItems?: NumberOrExpression;
    };
  };
  readonly ItemBatcher?: {
    readonly MaxItemsPerBatch?: NumberOrExpression;
    readonly MaxInputBytesPerBatch?: NumberOrExpression;
    readonly BatchInput?: Json;
  };
  readonly ResultWriter?: Omit<ResultWriter, 'Parameters'> & { readonly Arguments?: Json };
  readonly ToleratedFailureCount?: NumberOrExpression;
  readonly ToleratedFailurePercentage?: NumberOrExpression;
  readonly Label?: string;
}
