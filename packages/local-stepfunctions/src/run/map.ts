import { EvaluationError } from '../errors.ts';
import { isArray, type Json, type JsonArray, type JsonObject } from '../json.ts';
import { checkPayload } from '../payload.ts';
import { lookUp } from '../scope.ts';
import type { MapState } from '../state-machine.ts';
import { runBranches } from './branches.ts';
import { integerOf, resultTooLarge, selectInput } from './data-flow.ts';
import { type Branch, type Run, record, type StateRun } from './run.ts';

/** Most iterations of an inline Map that run at the same time (Step Functions quota). */
const MAX_INLINE_CONCURRENCY = 40;

/** One attempt at an inline Map: the processor for every item, its outputs in order. */
export async function attemptMap(
  run: Run,
  branch: Branch,
  state: MapState,
  stateRun: StateRun,
): Promise<Json> {
  const input = selectInput(state, stateRun.input, stateRun);
  const items = selectItems(state, input, stateRun);
  const wanted = integerOf('MaxConcurrency', state.maxConcurrency, 0, stateRun.scopeOf(input)) ?? 0;
  const concurrency = wanted === 0 ? MAX_INLINE_CONCURRENCY : Math.min(wanted, MAX_INLINE_CONCURRENCY);
  stateRun.started = true;
  record(run, branch, 'MapStateStarted', { mapStateStartedEventDetails: { length: items.length } });
  const outputs = await runBranches(
    {
      run,
      parent: branch,
      graphOf: () => state.processor,
      inputOf: (index) => iterationInput(state, input, items[index] ?? null, index, stateRun),
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
  const map = { Item: { Index: index, Value: item } };
  if (state.itemSelector === undefined) return { input: item, map };
  const selected = state.itemSelector(stateRun.scopeOf(input, map));
  checkPayload(selected, () => resultTooLarge(state.name));
  return { input: selected, map };
}
