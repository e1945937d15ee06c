import { EvaluationError } from '../errors.ts';
import { isArray, isObject, type Json, type JsonObject } from '../json.ts';
import type { Query } from '../jsonata/query.ts';
import { selectInput } from '../run/data-flow.ts';
import { computeItem, computeItems } from '../run/jsonata.ts';
import { type Branch, type Run, record, type StateRun } from '../run/run.ts';
import { lookUp } from '../scope.ts';
import type { MapState } from '../state-machine.ts';
import type { SelectItem } from './child-inputs.ts';
import { computeSettings } from './compute-settings.ts';
import type { DistributedMap } from './distributed-map.ts';
import { runMapRun } from './run-map-run.ts';

/** One attempt at a Distributed Map. */
export async function attemptDistributedMap(
  run: Run,
  branch: Branch,
  state: MapState,
  map: DistributedMap,
  stateRun: StateRun,
): Promise<Json> {
  const input = selectInput(state, stateRun.input, stateRun);
  const settings = await computeSettings(state, map, input, stateRun);
  const items = map.reader === undefined ? await selectItems(state, input, stateRun) : undefined;
  stateRun.started = true;
  // As on AWS, which does not know then how many there are. A redriven Map Run has started before.
  if (branch.journal?.mapRun === undefined) {
    record(run, branch, 'MapStateStarted', { mapStateStartedEventDetails: { length: 0 } });
  }
  const output = await runMapRun(run, branch, {
    stateName: state.name,
    map,
    processor: state.processor,
    settings,
    items,
    selectItem: itemSelector(state, input, stateRun),
  });
  run.history.add('MapStateSucceeded', branch.previousEventId, {});
  return output;
}

async function selectItems(state: MapState, input: Json, stateRun: StateRun): Promise<Json> {
  if (state.jsonata !== undefined) return queryItems(state.jsonata.items, stateRun);
  const items = state.itemsPath === undefined ? input : lookUp(state.itemsPath, stateRun.scopeOf(input));
  if (isArray(items) || isObject(items)) return items;
  const source = state.itemsPath?.source ?? '$';
  throw new EvaluationError('States.Runtime', `Reference path "${source}" must point to array.`);
}

async function queryItems(query: Query | undefined, stateRun: StateRun): Promise<Json> {
  const items = query === undefined ? stateRun.input : await query.evaluate(stateRun.bindings());
  // Unlike an inline Map's they may be an object; anything else fails as there.
  return isArray(items) || isObject(items) ? items : computeItems(query, stateRun);
}

function itemSelector(state: MapState, input: Json, stateRun: StateRun): SelectItem | undefined {
  const { itemSelector: template, jsonata } = state;
  const query = jsonata?.itemSelector;
  if (query !== undefined) {
    return async (value: Json, map: JsonObject) => {
      try {
        return await computeItem(query, value, map, stateRun);
      } catch (error) {
        throw stateRun.located(error);
      }
    };
  }
  if (template === undefined) return undefined;
  return (_, map) => {
    try {
      return template(stateRun.scopeOf(input, map));
    } catch (error) {
      throw stateRun.located(error);
    }
  };
}
