import type { Json } from './json.ts';

/** The shapes of Amazon States Language definitions (JSONPath dialect), as `loadDefinition` accepts them. */
export interface StateMachineDefinition {
  readonly Comment?: string;
  readonly Version?: '1.0';
  readonly QueryLanguage?: 'JSONPath';
  readonly TimeoutSeconds?: number;
  readonly StartAt: string;
  readonly States: Readonly<Record<string, StateDefinition>>;
}

export type StateDefinition =
  | TaskState
  | ChoiceState
  | PassState
  | WaitState
  | SucceedState
  | FailState
  | ParallelState
  | MapState;

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
  readonly Choices: readonly (ChoiceRule & { readonly Next: string })[];
  readonly Default?: string;
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
    readonly Result?: Json;
    readonly Parameters?: Json;
    readonly ResultPath?: string | null;
  };

export type WaitState = CommonFields &
  Transition & { readonly Type: 'Wait' } & (
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
    readonly Branches: readonly Pick<StateMachineDefinition, 'Comment' | 'StartAt' | 'States'>[];
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
    readonly ItemProcessor?: ItemProcessor;
    /** The former name of ItemProcessor. */
    readonly Iterator?: ItemProcessor;
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

export interface ItemProcessor extends Pick<StateMachineDefinition, 'Comment' | 'StartAt' | 'States'> {
  readonly ProcessorConfig?:
    | { readonly Mode?: 'INLINE' }
    | { readonly Mode: 'DISTRIBUTED'; readonly ExecutionType: 'STANDARD' | 'EXPRESS' };
}
