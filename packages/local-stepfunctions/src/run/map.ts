import { attemptDistributedMap } from '../distributed-map/attempt.ts';
import { EvaluationError } from '../errors.ts';
import { isArray, type Json, type JsonArray, type JsonObject } from '../json.ts';
import { checkPayload } from '../payload.ts';
import { lookUp } from '../scope.ts';
import type { MapState } from '../state-machine.ts';
import { type BranchSet, runBranches } from './branches.ts';
import { integerOf, resultTooLarge, selectInput } from './data-flow.ts';
import { computeInteger, computeItem, computeItems } from './jsonata.ts';
import { type Branch, type Run, record, type StateRun } from './run.ts';

/** Most iterations of an inline Map that run at the same time (Step Functions quota). */
const MAX_INLINE_CONCURRENCY = 40;

/** One attempt at a Map: the processor for every item. */
export function attemptMap(run: Run, branch: Branch, state: MapState, stateRun: StateRun): Promise<Json> {
  return state.distributed === undefined
    ? attemptInlineMap(run, branch, state, stateRun)
    : attemptDistributedMap(run, branch, state, state.distributed, stateRun);
}

/** Gives the outputs of the iterations in order. */
async function attemptInlineMap(
  run: Run,
  branch: Branch,
  state: MapState,
  stateRun: StateRun,
): Promise<Json> {
  const { items, wanted, inputOf } =
    state.jsonata === undefined
      ? planIterations(state, stateRun)
      : await planByQueries(state, state.jsonata, stateRun);
  const concurrency = wanted === 0 ? MAX_INLINE_CONCURRENCY : Math.min(wanted, MAX_INLINE_CONCURRENCY);
  stateRun.started = true;
  record(run, branch, 'MapStateStarted', { mapStateStartedEventDetails: { length: items.length } });
  const outputs = await runBranches(
    {
      run,
      parent: branch,
      graphOf: () => state.processor,
      inputOf,
      onStarted: (iteration, index) =>
        record(run, iteration, 'MapIterationStarted', {
          mapIterationStartedEventDetails: { name: state.name, index },
        }),
      onSucceeded: (iteration, index) =>
        record(run, iteration, 'MapIterationSucceeded', {
          mapIterationSucceededEventDetails: { name: state.name, index },
        }),
      onFailed: (iteration, index) =>
        run.history.add('MapIterationFailed', iteration.previousEventId, {
          mapIterationFailedEventDetails: { name: state.name, index },
        }),
      onAborted: (iteration, index) => {
        run.history.add('MapIterationAborted', iteration.previousEventId, {
          mapIterationAbortedEventDetails: { name: state.name, index },
        });
      },
    },
    items.length,
    concurrency,
  );
  run.history.add('MapStateSucceeded', branch.previousEventId, {});
  return outputs;
}

/** What an inline Map is to do. */
interface Iterations {
  readonly items: JsonArray;
  /** MaxConcurrency; 0 for as many as possible. */
  readonly wanted: number;
  readonly inputOf: BranchSet['inputOf'];
}

function planIterations(state: MapState, stateRun: StateRun): Iterations {
  const input = selectInput(state, stateRun.input, stateRun);
  const items = selectItems(state, input, stateRun);
  const wanted = integerOf('MaxConcurrency', state.maxConcurrency, 0, stateRun.scopeOf(input)) ?? 0;
  return {
    items,
    wanted,
    inputOf: (index) => iterationInput(state, input, items[index] ?? null, index, stateRun),
  };
}

/** The ItemSelector is applied to all items before the first iteration starts. */
async function planByQueries(
  state: MapState,
  queries: NonNullable<MapState['jsonata']>,
  stateRun: StateRun,
): Promise<Iterations> {
  const items = await computeItems(queries.items, stateRun);
  const wanted = (await computeInteger('MaxConcurrency', state.maxConcurrency, 0, stateRun)) ?? 0;
  const inputs: ReturnType<BranchSet['inputOf']>[] = [];
  for (const [index, item] of items.entries()) {
    const map = mapContext(item, index);
    inputs.push({ input: await computeItem(queries.itemSelector, item, map, stateRun), map });
  }
  return { items, wanted, inputOf: (index) => inputs[index] ?? { input: null, map: undefined } };
}

function mapContext(item: Json, index: number): JsonObject {
  return { Item: { Index: index, Value: item, Source: 'STATE_DATA' } };
}

function selectItems(state: MapState, input: Json, stateRun: StateRun): JsonArray {
  const items = state.itemsPath === undefined ? input : lookUp(state.itemsPath, stateRun.scopeOf(input));
  if (isArray(items)) return items;
  const source = state.itemsPath?.source ?? '$';
  throw new EvaluationError('States.Runtime', `Reference path "${source}" must point to array.`);
}

function iterationInput(
  state: MapState,
  input: Json,
  item: Json,
  index: number,
  stateRun: StateRun,
): { readonly input: Json; readonly map: JsonObject } {
  const map = mapContext(item, index);
  if (state.itemSelector === undefined) return { input: item, map };
  const selected = state.itemSelector(stateRun.scopeOf(input, map));
  checkPayload(selected, () => resultTooLarge(state.name));
  return { input: selected, map };
}
