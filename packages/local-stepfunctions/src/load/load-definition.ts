import { type DefinitionProblem, InvalidDefinition } from '../errors.ts';
import { isObject, type Json } from '../json.ts';
import type { StateMachine } from '../state-machine.ts';
import { FieldReader } from './field-reader.ts';
import { type LoadContext, loadGraph } from './graph.ts';
import { QUERY_LANGUAGES } from './query-language.ts';
import { VariableNames } from './variables.ts';

/**
 * Checks a definition, given as a value or as JSON text, and readies it to run.
 * Throws InvalidDefinition with every problem found, each with its place.
 */
export function loadDefinition(definition: unknown): StateMachine {
  const json = readJson(definition);
  if (!isObject(json)) throw new InvalidDefinition([{ path: '/', message: 'must be a JSON object' }]);
  const problems: DefinitionProblem[] = [];
  const reader = new FieldReader(json, '', problems);
  const version = reader.text('Version');
  if (version !== undefined && version !== '1.0') reader.report('Version', 'must be 1.0');
  const context: LoadContext = {
    resources: [],
    stateNames: new Set(),
    language: reader.oneOf('QueryLanguage', QUERY_LANGUAGES) ?? 'JSONPath',
  };
  const timeoutSeconds = reader.integer('TimeoutSeconds', 1);
  const names = new VariableNames();
  const graph = loadGraph(reader, context, names);
  reader.refuseOtherFields();
  problems.push(...names.problems());
  if (problems.length > 0) throw new InvalidDefinition(problems);
  return { ...graph, timeoutSeconds, resources: context.resources };
}

/** A copy, so that nobody changes the definition under a running machine. */
function readJson(definition: unknown): Json {
  try {
    return JSON.parse(typeof definition === 'string' ? definition : (JSON.stringify(definition) ?? 'null'));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new InvalidDefinition([{ path: '/', message: `is no JSON: ${reason}` }]);
  }
}
