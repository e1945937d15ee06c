import type { Resource, State, StateGraph } from '../state-machine.ts';
import type { FieldReader } from './field-reader.ts';
import type { QueryLanguage } from './query-language.ts';
import { loadState } from './states.ts';
import { VariableNames } from './variables.ts';

/** What is collected over all the graphs of a definition. */
export interface LoadContext {
  readonly resources: { resource: Resource; path: string }[];
  readonly stateNames: Set<string>;
  /** Of the state machine. */
  readonly language: QueryLanguage;
}

const MAX_NAME_LENGTH = 80;

/** Reads StartAt and States, and checks that every transition leads somewhere and every state is reached. */
export function loadGraph(reader: FieldReader, context: LoadContext, names: VariableNames): StateGraph {
  const startAt = reader.requiredText('StartAt');
  const states = new Map<string, State>();
  const readers = new Map<string, FieldReader>();
  const targets = new Map<string, string[]>();
  if (!reader.has('States')) reader.report('', 'the field States is required');
  const statesReader = reader.object('States');
  for (const [name, stateReader] of statesReader?.members() ?? []) {
    checkName(name, stateReader, context);
    const own: string[] = [];
    const target = (field: string, holder: FieldReader) => {
      const next = holder.requiredText(field);
      if (next === undefined) return '';
      own.push(next);
      if (!statesReader?.has(next)) holder.report(field, `there is no state '${next}' beside this one`);
      return next;
    };
    const state = loadState(stateReader, name, {
      target,
      language: context.language,
      names,
      graph: (holder) => loadGraph(holder, context, new VariableNames(names)),
      separateGraph: (holder) => loadSeparateGraph(holder, context, stateReader),
      resource: (resource) => context.resources.push({ resource, path: `${stateReader.path}/Resource` }),
    });
    if (state !== undefined) states.set(name, state);
    readers.set(name, stateReader);
    targets.set(name, own);
  }
  if (statesReader !== undefined && readers.size === 0) reader.report('States', 'must hold a state');
  if (startAt !== undefined && !readers.has(startAt))
    reader.report('StartAt', `there is no state '${startAt}'`);
  reportUnreached(startAt, readers, targets);
  return { startAt: startAt ?? '', states };
}

/** A graph whose executions see no variables but their own: the processor of a Distributed Map. */
function loadSeparateGraph(reader: FieldReader, context: LoadContext, state: FieldReader): StateGraph {
  const names = new VariableNames();
  const graph = loadGraph(reader, context, names);
  state.add(names.problems());
  return graph;
}

function checkName(name: string, reader: FieldReader, context: LoadContext): void {
  if (name.length > MAX_NAME_LENGTH) {
    reader.report('', `the state's name is longer than ${MAX_NAME_LENGTH} characters`);
  }
  // Names are unique in the whole definition, not only in their branch (as on AWS).
  if (context.stateNames.has(name)) reader.report('', `there is another state '${name}'`);
  context.stateNames.add(name);
}

function reportUnreached(
  startAt: string | undefined,
  readers: ReadonlyMap<string, FieldReader>,
  targets: ReadonlyMap<string, readonly string[]>,
): void {
  if (startAt === undefined || !readers.has(startAt)) return;
  const reached = new Set<string>();
  const open = [startAt];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (reached.has(name)) continue;
    reached.add(name);
    open.push(...(targets.get(name) ?? []));
  }
  for (const [name, reader] of readers) {
    if (!reached.has(name)) reader.report('', `no transition leads to the state '${name}'`);
  }
}
