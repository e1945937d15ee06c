import { isArray, isObject } from '../json.ts';
import type { StatesPart } from '../jsonata/expression.ts';
import type { Query } from '../jsonata/query.ts';
import { parseReferencePath, parseResultPath } from '../jsonpath/reference-path.ts';
import type { JsonPath } from '../jsonpath/syntax.ts';
import { MAX_WAIT_SECONDS } from '../number-field.ts';
import { compileTextExpression, type Expression } from '../payload-template.ts';
import type {
  ChoiceState,
  InputOutput,
  OutputQueries,
  Resource,
  ResultState,
  State,
  StateGraph,
  WaitState,
  WorkState,
} from '../state-machine.ts';
import { parseTimestamp } from '../timestamp.ts';
import { loadAssign, loadOutputQueries } from './assign.ts';
import { loadChoiceRule } from './choice-rules.ts';
import { loadDistributedMap, loadExecutionType } from './distributed-map.ts';
import { loadCatchers, loadRetriers } from './error-handlers.ts';
import type { FieldReader } from './field-reader.ts';
import { loadExpression, loadNumber } from './number.ts';
import { QUERY_LANGUAGES, type QueryLanguage } from './query-language.ts';
import { parseResource } from './resource.ts';
import type { VariableNames } from './variables.ts';

/** What a state may ask of the graph that it stands in. */
export interface Surroundings {
  /** Reads a field that names another state of the graph. */
  readonly target: (field: string, holder: FieldReader) => string;
  /** Of the state machine; a state may have another. */
  readonly language: QueryLanguage;
  /** The variables of the graph. */
  readonly names: VariableNames;
  /** Reads a graph whose states see the variables of this one. */
  readonly graph: (holder: FieldReader) => StateGraph;
  /** Reads a graph whose states see no variables but their own. */
  readonly separateGraph: (holder: FieldReader) => StateGraph;
  readonly resource: (resource: Resource) => void;
}

type StateType = State['type'];
const TYPES: readonly StateType[] = ['Task', 'Choice', 'Pass', 'Wait', 'Succeed', 'Fail', 'Parallel', 'Map'];

/** Undefined, and problems, if the type is unknown or a part without which the state has no meaning is missing. */
export function loadState(reader: FieldReader, name: string, around: Surroundings): State | undefined {
  const language = loadLanguage(reader, around.language);
  const state = loadStateOfType(reader, name, language, around);
  reader.refuseOtherFields(language);
  return state;
}

function loadLanguage(reader: FieldReader, ofMachine: QueryLanguage): QueryLanguage {
  const language = reader.oneOf('QueryLanguage', QUERY_LANGUAGES) ?? ofMachine;
  if (language === 'JSONPath' && ofMachine === 'JSONata') {
    reader.report('QueryLanguage', "can not be 'JSONPath' if set to 'JSONata' for whole state machine");
  }
  return language;
}

function loadStateOfType(
  reader: FieldReader,
  name: string,
  language: QueryLanguage,
  around: Surroundings,
): State | undefined {
  if (!reader.has('Type')) reader.report('', 'the field Type is required');
  const type = reader.oneOf('Type', TYPES);
  switch (type) {
    case 'Task':
      return loadTask(reader, name, language, around);
    case 'Choice':
      return loadChoice(reader, name, language, around);
    case 'Pass':
      return {
        type: 'Pass',
        ...loadResultFields(reader, name, language, around, []),
        result: language === 'JSONPath' ? reader.value('Result') : undefined,
      };
    case 'Wait':
      return loadWait(reader, name, language, around);
    case 'Succeed':
      return loadSucceed(reader, name, language);
    case 'Fail':
      return loadFail(reader, name, language);
    case 'Parallel':
      return loadParallel(reader, name, language, around);
    case 'Map':
      return loadMap(reader, name, language, around);
    case undefined:
      reader.ignoreOtherFields();
      return undefined;
  }
}

/** No field of JSONPath. */
const NO_PATHS = { inputPath: undefined, outputPath: undefined, assign: undefined };

function loadInputOutput(
  reader: FieldReader,
  name: string,
  language: QueryLanguage,
  names: VariableNames,
  visible: readonly StatesPart[] = [],
): InputOutput {
  if (language === 'JSONata') {
    return { name, ...NO_PATHS, jsonata: loadOutputQueries(reader, names, visible) };
  }
  return { name, ...loadPaths(reader), assign: loadAssign(reader, names), jsonata: undefined };
}

function loadPaths(reader: FieldReader): Pick<InputOutput, 'inputPath' | 'outputPath'> {
  return { inputPath: reader.nullablePath('InputPath'), outputPath: reader.nullablePath('OutputPath') };
}

function loadSucceed(reader: FieldReader, name: string, language: QueryLanguage): State {
  if (language === 'JSONPath') {
    return { type: 'Succeed', name, ...loadPaths(reader), assign: undefined, jsonata: undefined };
  }
  const jsonata: OutputQueries = { output: reader.query('Output'), assign: undefined };
  return { type: 'Succeed', name, ...NO_PATHS, jsonata };
}

function loadFail(reader: FieldReader, name: string, language: QueryLanguage): State {
  if (language === 'JSONata') {
    const jsonata = { error: loadTextQuery(reader, 'Error'), cause: loadTextQuery(reader, 'Cause') };
    return { type: 'Fail', name, error: undefined, cause: undefined, jsonata };
  }
  return {
    type: 'Fail',
    name,
    error: loadTextOrExpression(reader, 'Error'),
    cause: loadTextOrExpression(reader, 'Cause'),
    jsonata: undefined,
  };
}

function loadTextQuery(reader: FieldReader, field: string): Query | undefined {
  return reader.text(field) === undefined ? undefined : reader.query(field);
}

/** Next, or undefined for `End: true`. */
function loadTransition(reader: FieldReader, around: Surroundings): string | undefined {
  const end = reader.value('End');
  if (end !== undefined && typeof end !== 'boolean') reader.report('End', 'must be true');
  if (reader.has('Next') && end === true) reader.report('', 'gives both Next and End');
  if (!reader.has('Next') && end !== true) reader.report('', 'needs Next or "End": true');
  return reader.has('Next') ? around.target('Next', reader) : undefined;
}

/** @param visible which parts of `$states` Output and Assign may use */
function loadResultFields(
  reader: FieldReader,
  name: string,
  language: QueryLanguage,
  around: Surroundings,
  visible: readonly StatesPart[],
): ResultState {
  const inputOutput = loadInputOutput(reader, name, language, around.names, visible);
  const next = loadTransition(reader, around);
  if (language === 'JSONata') {
    return { ...inputOutput, parameters: undefined, resultSelector: undefined, resultPath: undefined, next };
  }
  return {
    ...inputOutput,
    parameters: reader.objectTemplate('Parameters'),
    resultSelector: visible.includes('result') ? reader.objectTemplate('ResultSelector') : undefined,
    resultPath: reader.nullablePath('ResultPath', parseResultPath),
    next,
  };
}

function loadWork(
  reader: FieldReader,
  name: string,
  language: QueryLanguage,
  around: Surroundings,
  hasArguments: boolean,
): WorkState {
  const fields = loadResultFields(reader, name, language, around, ['result']);
  return {
    ...fields,
    jsonata: fields.jsonata && {
      ...fields.jsonata,
      arguments: hasArguments ? reader.query('Arguments') : undefined,
    },
    retry: loadRetriers(reader),
    catch: loadCatchers(reader, language, around.target, around.names),
  };
}

function loadTask(
  reader: FieldReader,
  name: string,
  language: QueryLanguage,
  around: Surroundings,
): State | undefined {
  const text = reader.requiredText('Resource');
  const resource = text === undefined ? undefined : parseResource(text);
  if (text !== undefined && resource === undefined) reader.report('Resource', `'${text}' is not an ARN`);
  if (resource !== undefined) around.resource(resource);
  const timeoutSeconds = loadNumber(reader, 'TimeoutSeconds', 1, language);
  const heartbeatSeconds = loadNumber(reader, 'HeartbeatSeconds', 1, language);
  if (
    typeof timeoutSeconds === 'number' &&
    typeof heartbeatSeconds === 'number' &&
    heartbeatSeconds >= timeoutSeconds
  ) {
    reader.report('HeartbeatSeconds', 'must be less than TimeoutSeconds');
  }
  // Whose role calls the service has no meaning on one machine; the field is only checked.
  loadCredentials(reader, language);
  const work = loadWork(reader, name, language, around, true);
  return resource && { type: 'Task', ...work, resource, timeoutSeconds, heartbeatSeconds };
}

function loadCredentials(reader: FieldReader, language: QueryLanguage): void {
  const fields = language === 'JSONata' ? ['RoleArn'] : ['RoleArn', 'RoleArn.$'];
  const credentials = reader.object('Credentials');
  if (credentials !== undefined && !fields.some((field) => credentials.has(field))) {
    credentials.report('', 'the field RoleArn is required');
  }
  if (language === 'JSONata') reader.query('Credentials');
  else reader.template('Credentials');
}

function loadChoice(reader: FieldReader, name: string, language: QueryLanguage, around: Surroundings): State {
  const readers = reader.objects('Choices');
  if (readers.length === 0) reader.report('', 'the field Choices must hold a rule');
  const inputOutput = loadInputOutput(reader, name, language, around.names);
  const next = reader.has('Default') ? around.target('Default', reader) : undefined;
  if (inputOutput.jsonata !== undefined) {
    const choices = readers.flatMap((rule, index) => loadQueryRule(rule, index, around) ?? []);
    const jsonata = { ...inputOutput.jsonata, choices };
    return { type: 'Choice', ...inputOutput, jsonata, choices: [], default: next };
  }
  const choices = readers.flatMap((rule) => {
    const condition = loadChoiceRule(rule);
    const rest = { next: around.target('Next', rule), assign: loadAssign(rule, around.names) };
    rule.refuseOtherFields(language);
    return condition === undefined ? [] : { condition, ...rest };
  });
  return { type: 'Choice', ...inputOutput, jsonata: undefined, choices, default: next };
}

type QueryRule = NonNullable<ChoiceState['jsonata']>['choices'][number];

function loadQueryRule(rule: FieldReader, index: number, around: Surroundings): QueryRule | undefined {
  const within = `Choices[${index}]/`;
  if (!rule.has('Condition')) rule.report('', 'the field Condition is required');
  const constant = rule.value('Condition');
  const condition =
    typeof constant === 'boolean'
      ? rule.query('Condition')
      : loadExpression(rule, 'Condition', `${within}Condition`);
  const queries = loadOutputQueries(rule, around.names, [], within);
  const next = around.target('Next', rule);
  rule.refuseOtherFields('JSONata');
  return condition && { condition, next, ...queries };
}

function loadWait(
  reader: FieldReader,
  name: string,
  language: QueryLanguage,
  around: Surroundings,
): State | undefined {
  const fields =
    language === 'JSONata'
      ? ['Seconds', 'Timestamp']
      : ['Seconds', 'SecondsPath', 'Timestamp', 'TimestampPath'];
  if (!reader.exclusive(...fields)) reader.report('', `needs one of ${fields.join(', ')}`);
  const until = loadUntil(reader, language);
  const inputOutput = loadInputOutput(reader, name, language, around.names);
  const next = loadTransition(reader, around);
  return until && { type: 'Wait', ...inputOutput, until, next };
}

function loadUntil(reader: FieldReader, language: QueryLanguage): WaitState['until'] | undefined {
  const seconds = loadNumber(reader, 'Seconds', 0, language, MAX_WAIT_SECONDS);
  if (seconds !== undefined) return { kind: 'seconds', seconds };
  const timestamp = loadTimestamp(reader, language);
  return timestamp === undefined ? undefined : { kind: 'timestamp', timestamp };
}

function loadTimestamp(reader: FieldReader, language: QueryLanguage): string | JsonPath | Query | undefined {
  const text = reader.text('Timestamp');
  if (text === undefined) {
    return language === 'JSONata' ? undefined : reader.jsonPath('TimestampPath', parseReferencePath);
  }
  if (language === 'JSONata' && (text.startsWith('{%') || text.endsWith('%}'))) {
    return loadExpression(reader, 'Timestamp');
  }
  if (parseTimestamp(text) === undefined) {
    reader.report('Timestamp', `'${text}' is no RFC 3339 timestamp`);
  }
  return text;
}

function loadTextOrExpression(reader: FieldReader, field: string): Expression | undefined {
  reader.exclusive(field, `${field}Path`);
  const text = reader.text(field);
  const source = reader.text(`${field}Path`);
  if (source !== undefined) {
    return reader.compiled(`${field}Path`, () => compileTextExpression(source, `${field}Path`));
  }
  return text === undefined ? undefined : () => text;
}

function loadParallel(
  reader: FieldReader,
  name: string,
  language: QueryLanguage,
  around: Surroundings,
): State {
  const readers = reader.objects('Branches');
  if (readers.length === 0) reader.report('', 'the field Branches must hold a branch');
  const branches = readers.map((branch) => {
    const graph = around.graph(branch);
    branch.refuseOtherFields();
    return graph;
  });
  return { type: 'Parallel', ...loadWork(reader, name, language, around, true), branches };
}

function loadMap(
  reader: FieldReader,
  name: string,
  language: QueryLanguage,
  around: Surroundings,
): State | undefined {
  if (!reader.exclusive('ItemProcessor', 'Iterator'))
    reader.report('', 'the field ItemProcessor is required');
  const processorReader = reader.object('ItemProcessor') ?? reader.object('Iterator');
  const executionType = processorReader && loadExecutionType(processorReader);
  const loadProcessor = executionType === undefined ? around.graph : around.separateGraph;
  const processor = processorReader && loadProcessor(processorReader);
  processorReader?.refuseOtherFields();
  reader.exclusive('ItemSelector', 'Parameters');
  const work = loadWork(reader, name, language, around, false);
  const fields = {
    ...work,
    // Parameters is the former name of ItemSelector: it shapes each item, not the state's input.
    parameters: undefined,
    itemsPath: language === 'JSONPath' ? reader.jsonPath('ItemsPath') : undefined,
    itemSelector:
      language === 'JSONPath' ? (reader.objectTemplate('ItemSelector') ?? work.parameters) : undefined,
    jsonata: work.jsonata && {
      ...work.jsonata,
      items: loadItems(reader),
      itemSelector: reader.query('ItemSelector'),
    },
    maxConcurrency: loadNumber(reader, 'MaxConcurrency', 0, language),
    distributed: loadDistributedMap(reader, name, language, executionType),
  };
  return processor && { type: 'Map', ...fields, processor };
}

/** An array or an object, of expressions too, or an expression that gives one. */
function loadItems(reader: FieldReader): Query | undefined {
  const items = reader.value('Items');
  if (typeof items === 'string') return loadExpression(reader, 'Items');
  if (items !== undefined && !isArray(items) && !isObject(items)) {
    reader.report('Items', 'must be an array, an object or an expression');
  }
  return reader.query('Items');
}
