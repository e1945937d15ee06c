import { parseReferencePath } from '../jsonpath/reference-path.ts';
import { compileExpression, type Expression } from '../payload-template.ts';
import type {
  InputOutput,
  Resource,
  ResultState,
  State,
  StateGraph,
  WaitState,
  WorkState,
} from '../state-machine.ts';
import { parseTimestamp } from '../timestamp.ts';
import { loadChoiceRule } from './choice-rules.ts';
import { loadDistributedMap, loadExecutionType } from './distributed-map.ts';
import { loadCatchers, loadRetriers } from './error-handlers.ts';
import type { FieldReader } from './field-reader.ts';
import { loadNumberOrPath } from './number-or-path.ts';
import { parseResource } from './resource.ts';

/** What a state may ask of the graph that it stands in. */
export interface Surroundings {
  /** Reads a field that names another state of the graph. */
  readonly target: (field: string, holder: FieldReader) => string;
  readonly graph: (holder: FieldReader) => StateGraph;
  readonly resource: (resource: Resource) => void;
}

type StateType = State['type'];
const TYPES: readonly StateType[] = ['Task', 'Choice', 'Pass', 'Wait', 'Succeed', 'Fail', 'Parallel', 'Map'];

/** Undefined, and problems, if the type is unknown or a part without which the state has no meaning is missing. */
export function loadState(reader: FieldReader, name: string, around: Surroundings): State | undefined {
  if (!reader.has('Type')) reader.report('', 'the field Type is required');
  const type = reader.oneOf('Type', TYPES);
  reader.oneOf('QueryLanguage', ['JSONPath']);
  switch (type) {
    case 'Task':
      return loadTask(reader, name, around);
    case 'Choice':
      return loadChoice(reader, name, around);
    case 'Pass':
      return {
        type: 'Pass',
        ...loadResultFields(reader, name, around, false),
        result: reader.value('Result'),
      };
    case 'Wait':
      return loadWait(reader, name, around);
    case 'Succeed':
      return { type: 'Succeed', ...loadInputOutput(reader, name) };
    case 'Fail':
      return {
        type: 'Fail',
        name,
        error: loadTextOrExpression(reader, 'Error'),
        cause: loadTextOrExpression(reader, 'Cause'),
      };
    case 'Parallel':
      return loadParallel(reader, name, around);
    case 'Map':
      return loadMap(reader, name, around);
    case undefined:
      reader.ignoreOtherFields();
      return undefined;
  }
}

function loadInputOutput(reader: FieldReader, name: string): InputOutput {
  return { name, inputPath: reader.nullablePath('InputPath'), outputPath: reader.nullablePath('OutputPath') };
}

/** Next, or undefined for `End: true`. */
function loadTransition(reader: FieldReader, around: Surroundings): string | undefined {
  const end = reader.value('End');
  if (end !== undefined && typeof end !== 'boolean') reader.report('End', 'must be true');
  if (reader.has('Next') && end === true) reader.report('', 'gives both Next and End');
  if (!reader.has('Next') && end !== true) reader.report('', 'needs Next or "End": true');
  return reader.has('Next') ? around.target('Next', reader) : undefined;
}

function loadResultFields(
  reader: FieldReader,
  name: string,
  around: Surroundings,
  hasSelector: boolean,
): ResultState {
  return {
    ...loadInputOutput(reader, name),
    parameters: reader.template('Parameters'),
    resultSelector: hasSelector ? reader.template('ResultSelector') : undefined,
    resultPath: reader.nullablePath('ResultPath', parseReferencePath),
    next: loadTransition(reader, around),
  };
}

function loadWork(reader: FieldReader, name: string, around: Surroundings): WorkState {
  return {
    ...loadResultFields(reader, name, around, true),
    retry: loadRetriers(reader),
    catch: loadCatchers(reader, around.target),
  };
}

function loadTask(reader: FieldReader, name: string, around: Surroundings): State | undefined {
  const text = reader.requiredText('Resource');
  const resource = text === undefined ? undefined : parseResource(text);
  if (text !== undefined && resource === undefined) reader.report('Resource', `'${text}' is not an ARN`);
  if (resource !== undefined) around.resource(resource);
  const timeoutSeconds = loadNumberOrPath(reader, 'TimeoutSeconds', 1);
  const heartbeatSeconds = loadNumberOrPath(reader, 'HeartbeatSeconds', 1);
  if (
    typeof timeoutSeconds === 'number' &&
    typeof heartbeatSeconds === 'number' &&
    heartbeatSeconds >= timeoutSeconds
  ) {
    reader.report('HeartbeatSeconds', 'must be less than TimeoutSeconds');
  }
  // Whose role calls the service has no meaning on one machine; the field is only checked.
  reader.template('Credentials');
  const work = loadWork(reader, name, around);
  return resource && { type: 'Task', ...work, resource, timeoutSeconds, heartbeatSeconds };
}

function loadChoice(reader: FieldReader, name: string, around: Surroundings): State {
  const readers = reader.objects('Choices');
  if (readers.length === 0) reader.report('', 'the field Choices must hold a rule');
  const choices = readers.flatMap((rule) => {
    const condition = loadChoiceRule(rule);
    const next = around.target('Next', rule);
    rule.refuseOtherFields();
    return condition === undefined ? [] : { condition, next };
  });
  return {
    type: 'Choice',
    ...loadInputOutput(reader, name),
    choices,
    default: reader.has('Default') ? around.target('Default', reader) : undefined,
  };
}

function loadWait(reader: FieldReader, name: string, around: Surroundings): State | undefined {
  const fields = ['Seconds', 'SecondsPath', 'Timestamp', 'TimestampPath'];
  if (!reader.exclusive(...fields)) reader.report('', `needs one of ${fields.join(', ')}`);
  const until = loadUntil(reader);
  const inputOutput = loadInputOutput(reader, name);
  const next = loadTransition(reader, around);
  return until && { type: 'Wait', ...inputOutput, until, next };
}

function loadUntil(reader: FieldReader): WaitState['until'] | undefined {
  const seconds = reader.integer('Seconds', 0) ?? reader.jsonPath('SecondsPath', parseReferencePath);
  if (seconds !== undefined) return { kind: 'seconds', seconds };
  const text = reader.text('Timestamp');
  if (text !== undefined && parseTimestamp(text) === undefined) {
    reader.report('Timestamp', `'${text}' is no RFC 3339 timestamp`);
  }
  const timestamp = text ?? reader.jsonPath('TimestampPath', parseReferencePath);
  return timestamp === undefined ? undefined : { kind: 'timestamp', timestamp };
}

function loadTextOrExpression(reader: FieldReader, field: string): Expression | undefined {
  reader.exclusive(field, `${field}Path`);
  const text = reader.text(field);
  const source = reader.text(`${field}Path`);
  if (source !== undefined) {
    return reader.compiled(`${field}Path`, () => compileExpression(source, `${field}Path`));
  }
  return text === undefined ? undefined : () => text;
}

function loadParallel(reader: FieldReader, name: string, around: Surroundings): State {
  const readers = reader.objects('Branches');
  if (readers.length === 0) reader.report('', 'the field Branches must hold a branch');
  const branches = readers.map((branch) => {
    const graph = around.graph(branch);
    branch.refuseOtherFields();
    return graph;
  });
  return { type: 'Parallel', ...loadWork(reader, name, around), branches };
}

function loadMap(reader: FieldReader, name: string, around: Surroundings): State | undefined {
  if (!reader.exclusive('ItemProcessor', 'Iterator'))
    reader.report('', 'the field ItemProcessor is required');
  const processorReader = reader.object('ItemProcessor') ?? reader.object('Iterator');
  const executionType = processorReader && loadExecutionType(processorReader);
  const processor = processorReader && around.graph(processorReader);
  processorReader?.refuseOtherFields();
  reader.exclusive('ItemSelector', 'Parameters');
  const { parameters, ...work } = loadWork(reader, name, around);
  const itemsPath = reader.jsonPath('ItemsPath');
  const itemSelector = reader.template('ItemSelector') ?? parameters;
  const maxConcurrency = loadNumberOrPath(reader, 'MaxConcurrency', 0);
  const distributed = loadDistributedMap(reader, name, executionType);
  return (
    processor && {
      type: 'Map',
      ...work,
      // Parameters is the former name of ItemSelector: it shapes each item, not the state's input.
      parameters: undefined,
      itemsPath,
      itemSelector,
      maxConcurrency,
      processor,
      distributed,
    }
  );
}
