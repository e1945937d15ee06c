import { AbortScope } from '../abort-scope.ts';
import { StateError } from '../errors.ts';
import { failureDetails } from '../history.ts';
import { uuid } from '../intrinsics/random.ts';
import { isArray, isObject, type Json, type JsonObject } from '../json.ts';
import { executionArn, expressArn, mapRunArn, stateMachineArn } from '../local-account.ts';
import { type Branch, type Run, record } from '../run/run.ts';
import type { StateGraph } from '../state-machine.ts';
import type { ChildTemplate } from './child.ts';
import { childInputs, type SelectItem } from './child-inputs.ts';
import type { ChildKind } from './child-result.ts';
import type { DistributedMap } from './distributed-map.ts';
import type { ItemChunk } from './item-chunk.ts';
import { type MapRunIdentity, MapRunState } from './map-run.ts';
import { readAhead } from './read-ahead.ts';
import { readItems } from './readers/read-items.ts';
import { ObjectResults, OutputResults, type Results } from './results.ts';
import { runChildren } from './run-children.ts';
import type { MapRunSettings } from './settings.ts';

/** Chunks of the data set that are read before their items can start. */
const READ_AHEAD_CHUNKS = 16;

export interface MapRunPlan {
  readonly stateName: string;
  readonly map: DistributedMap;
  readonly processor: StateGraph;
  readonly settings: MapRunSettings;
  /** The state's own items; undefined if the ItemReader has them. */
  readonly items: Json | undefined;
  readonly selectItem: SelectItem | undefined;
}

/** One attempt at a Distributed Map: a child execution for every item or batch. Gives the state's output. */
export async function runMapRun(run: Run, branch: Branch, plan: MapRunPlan): Promise<Json> {
  const { map, settings } = plan;
  const identity = newMapRun(run, plan);
  const state = new MapRunState(identity, settings);
  record(run, branch, 'MapRunStarted', { mapRunStartedEventDetails: { mapRunArn: identity.mapRunArn } });
  run.distributed.onMapRun(state);
  const kind = childKind(run, map);
  let results: Results | undefined;
  try {
    results = resultsOf(run, plan, kind, identity, state);
    await runAll(run, branch, plan, kind, state, results);
  } catch (error) {
    await results?.discard();
    state.ended(branch.abort.reason === undefined ? 'FAILED' : 'ABORTED', new Date(run.clock.now()));
    if (branch.abort.reason !== undefined) {
      run.history.add('MapRunAborted', branch.previousEventId, {});
    } else if (error instanceof StateError) {
      record(run, branch, 'MapRunFailed', { mapRunFailedEventDetails: failureDetails(error) });
    }
    throw error;
  }
  state.ended('SUCCEEDED', new Date(run.clock.now()));
  record(run, branch, 'MapRunSucceeded');
  return results.output();
}

function newMapRun(run: Run, { stateName, map }: MapRunPlan): MapRunIdentity {
  const id = uuid(run.random);
  return {
    id,
    mapRunArn: mapRunArn(textOf(run.stateMachine, 'Name'), map.label, id),
    executionArn: textOf(run.execution, 'Id'),
    stateName,
    startDate: new Date(run.clock.now()),
    redriveCount: 0,
    redriveDate: undefined,
  };
}

function textOf(context: JsonObject, name: string): string {
  const value = context[name];
  if (typeof value !== 'string') throw new TypeError(`the context has no ${name}`);
  return value;
}

function childKind(run: Run, { executionType, label }: DistributedMap): ChildKind {
  const machineName = `${textOf(run.stateMachine, 'Name')}/${label}`;
  const arnOf = executionType === 'EXPRESS' ? expressArn : executionArn;
  return {
    executionType,
    stateMachineArn: stateMachineArn(machineName),
    executionArnOf: (name) => arnOf(machineName, name),
  };
}

function resultsOf(
  run: Run,
  { map, settings, stateName }: MapRunPlan,
  kind: ChildKind,
  identity: MapRunIdentity,
  state: MapRunState,
): Results {
  if (settings.writer === undefined) return new OutputResults(map.writer, kind, stateName);
  const { objects } = run.distributed;
  if (objects === undefined) throw new StateError('States.ResultWriterFailed', 'there is no object store');
  return new ObjectResults(objects, settings.writer, map.writer, kind, identity, (items) =>
    state.resultWritten(items),
  );
}

/** Runs the children and finishes the results, those of a Map Run that failed too. */
async function runAll(
  run: Run,
  branch: Branch,
  plan: MapRunPlan,
  kind: ChildKind,
  state: MapRunState,
  results: Results,
): Promise<void> {
  const template: ChildTemplate = {
    run,
    graph: plan.processor,
    kind,
    mapRunArn: state.mapRunArn,
    stateMachineName: `${textOf(run.stateMachine, 'Name')}/${plan.map.label}`,
  };
  const abort = new AbortScope(branch.abort);
  const chunks = readAhead(counted(itemsOf(run, plan), state), READ_AHEAD_CHUNKS, abort);
  try {
    await runChildren({
      template,
      inputs: childInputs(chunks, plan.selectItem, plan.settings.batch),
      state,
      abort,
      redriveCountOf: () => 0,
      onEnded: (result) => results.add(result),
      onPending: (child) => results.addPending(child.input),
    });
  } catch (error) {
    if (branch.abort.reason === undefined && error instanceof StateError) await results.close();
    throw error;
  } finally {
    abort.close();
  }
  await results.close();
}

async function* counted(
  chunks: AsyncIterable<ItemChunk>,
  state: MapRunState,
): AsyncGenerator<ItemChunk, void> {
  for await (const chunk of chunks) {
    state.itemsRead(chunk.values.length);
    yield chunk;
  }
  state.allRead = true;
}

function itemsOf(run: Run, { map, settings, items }: MapRunPlan): AsyncIterable<ItemChunk> {
  if (map.reader !== undefined && settings.reader !== undefined) {
    return readItems(run.distributed.objects, map.reader.source, settings.reader, settings.maxItems ?? 0);
  }
  return ownItems(items ?? null);
}

/** The items of the state's input: of an array its elements, of an object its members. */
async function* ownItems(items: Json): AsyncGenerator<ItemChunk, void> {
  const source = 'STATE_DATA';
  if (isArray(items)) yield { values: items, source };
  else if (isObject(items)) yield { values: Object.values(items), keys: Object.keys(items), source };
}
