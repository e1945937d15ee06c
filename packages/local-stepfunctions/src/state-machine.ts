import type { Condition } from './choice-rule.ts';
import type { DistributedMap } from './distributed-map/distributed-map.ts';
import type { Json } from './json.ts';
import type { Query } from './jsonata/query.ts';
import type { JsonPath } from './jsonpath/syntax.ts';
import type { NumberField } from './number-field.ts';
import type { Expression } from './payload-template.ts';

/** A definition that was found sound, ready to run. */
export interface StateMachine extends StateGraph {
  /** Seconds that an execution may take. */
  readonly timeoutSeconds: number | undefined;
  /** Every resource that some Task names, with its place. */
  readonly resources: readonly { readonly resource: Resource; readonly path: string }[];
}

/** States that run one after another: a state machine, a branch or the processor of an item. */
export interface StateGraph {
  readonly startAt: string;
  readonly states: ReadonlyMap<string, State>;
}

export type State =
  | TaskState
  | ChoiceState
  | PassState
  | WaitState
  | SucceedState
  | FailState
  | ParallelState
  | MapState;

interface NamedState {
  readonly name: string;
}

/**
 * What every state but Fail has. A state's language is JSONata if it has `jsonata`, and then no field of
 * JSONPath is given; else it is JSONPath. An absent path is undefined, a path of null is null.
 */
export interface InputOutput extends NamedState {
  readonly inputPath: JsonPath | null | undefined;
  readonly outputPath: JsonPath | null | undefined;
  /** Gives an object of the variables' new values. */
  readonly assign: Expression | undefined;
  readonly jsonata: OutputQueries | undefined;
}

/** What a JSONata state gives when it ends. */
export interface OutputQueries {
  readonly output: Query | undefined;
  /** Gives an object of the variables' new values. */
  readonly assign: Query | undefined;
}

export interface ResultState extends InputOutput {
  readonly parameters: Expression | undefined;
  readonly resultSelector: Expression | undefined;
  readonly resultPath: JsonPath | null | undefined;
  /** Undefined after the last state. */
  readonly next: string | undefined;
}

/** A state whose errors can be handled. */
export interface WorkState extends ResultState {
  readonly jsonata: (OutputQueries & { readonly arguments: Query | undefined }) | undefined;
  readonly retry: readonly Retrier[];
  readonly catch: readonly Catcher[];
}

export interface Retrier {
  readonly errorEquals: readonly string[];
  readonly intervalSeconds: number;
  readonly maxAttempts: number;
  readonly backoffRate: number;
  readonly maxDelaySeconds: number;
  readonly fullJitter: boolean;
}

export interface Catcher {
  readonly errorEquals: readonly string[];
  readonly next: string;
  readonly resultPath: JsonPath | null | undefined;
  readonly assign: Expression | undefined;
  readonly jsonata: OutputQueries | undefined;
}

export interface TaskState extends WorkState {
  readonly type: 'Task';
  readonly resource: Resource;
  readonly timeoutSeconds: NumberField;
  readonly heartbeatSeconds: NumberField;
}

export interface Resource {
  readonly arn: string;
  /** `function` and `activity` if their own ARN is called. */
  readonly kind: 'integration' | 'function' | 'activity';
  /** Under which a handler is found: what follows `arn:aws:states:::`, else the whole ARN. */
  readonly key: string;
  /** As history events name it: `glue` and `startJobRun.sync`. */
  readonly type: string;
  readonly action: string;
}

export interface ChoiceState extends InputOutput {
  readonly type: 'Choice';
  readonly choices: readonly ChoiceRule[];
  /** Its output and assign are those of the default. */
  readonly jsonata: (OutputQueries & { readonly choices: readonly QueryRule[] }) | undefined;
  readonly default: string | undefined;
}

interface ChoiceRule {
  readonly condition: Condition;
  readonly next: string;
  readonly assign: Expression | undefined;
}

interface QueryRule extends OutputQueries {
  readonly condition: Query;
  readonly next: string;
}

export interface PassState extends ResultState {
  readonly type: 'Pass';
  readonly result: Json | undefined;
}

export interface WaitState extends InputOutput {
  readonly type: 'Wait';
  readonly until:
    | { readonly kind: 'seconds'; readonly seconds: number | JsonPath | Query }
    | { readonly kind: 'timestamp'; readonly timestamp: string | JsonPath | Query };
  readonly next: string | undefined;
}

interface SucceedState extends InputOutput {
  readonly type: 'Succeed';
}

export interface FailState extends NamedState {
  readonly type: 'Fail';
  readonly error: Expression | undefined;
  readonly cause: Expression | undefined;
  readonly jsonata: { readonly error: Query | undefined; readonly cause: Query | undefined } | undefined;
}

export interface ParallelState extends WorkState {
  readonly type: 'Parallel';
  readonly branches: readonly StateGraph[];
}

export interface MapState extends WorkState {
  readonly type: 'Map';
  readonly jsonata: (WorkState['jsonata'] & MapQueries) | undefined;
  readonly itemsPath: JsonPath | undefined;
  readonly itemSelector: Expression | undefined;
  readonly maxConcurrency: NumberField;
  readonly processor: StateGraph;
  /** Undefined for an inline Map. */
  readonly distributed: DistributedMap | undefined;
}

/** What a JSONata Map computes. */
interface MapQueries {
  /** The array of the state's items; its input if undefined. */
  readonly items: Query | undefined;
  readonly itemSelector: Query | undefined;
}
