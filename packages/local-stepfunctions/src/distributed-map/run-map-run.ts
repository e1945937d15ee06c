import { AbortScope } from '../abort-scope.ts';
import { statesArn } from '../account.ts';
import { reasonOf, StateError } from '../errors.ts';
import { failureDetails } from '../history.ts';
import { uuid } from '../intrinsics/random.ts';
import type { ReplayedMapRun } from '../journal/replay.ts';
import { isArray, isObject, type Json, type JsonObject } from '../json.ts';
import { type Branch, type Run, record } from '../run/run.ts';
import type { StateGraph } from '../state-machine.ts';
import type { ChildTemplate } from './child.ts';
import { childInputs, type SelectItem } from './child-inputs.ts';
import type { ChildKind, ChildResult } from './child-result.ts';
import type { DistributedMap } from './distributed-map.ts';
import type { ItemChunk } from './item-chunk.ts';
import { type MapRunIdentity, MapRunState } from './map-run.ts';
import { readAhead } from './read-ahead.ts';
import { readItems } from './readers/read-items.ts';
import { readerFailed } from './readers/reader-failed.ts';
import { ObjectResults, OutputResults, type Results } from './results.ts';
import { runChildren } from './run-children.ts';
import type { MapRunSettings } from './settings.ts';

/** Chunks of the data set that are read before their items can start. */
const READ_AHEAD_CHUNKS = 16;

/** "You haven't exceeded the hard limit of 1000 redrives of a given Map Run" (redrive-map-run). */
const MAX_REDRIVES = 1000;

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
  const { journal } = branch;
  const former = journal?.mapRun;
  if ((former?.started.redriveCount ?? 0) >= MAX_REDRIVES) {
    throw new StateError('States.Runtime', `The Map Run has been redriven ${MAX_REDRIVES} times.`);
  }
  const identity = identify(run, plan, former);
  const { id, startDate, redriveCount } = identity;
  const state = new MapRunState(identity, settings);
  recordStart(run, branch, identity);
  run.distributed.onMapRun(state);
  const kind = childKind(run, map);
  let results: Results | undefined;
  try {
    const etag = journal && (await sourceTag(run, plan));
    if (former !== undefined && former.succeededCount > 0 && former.started.etag !== etag) throw changed();
    await journal?.mapRunStarted({ id, startedAt: startDate.getTime(), redriveCount, etag });
    results = resultsOf(run, plan, kind, identity, state);
    if (former !== undefined) await keepResults(branch, former, results);
    await runAll(run, branch, plan, kind, state, results, former);
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

function identify(
  run: Run,
  { stateName, map }: MapRunPlan,
  former: ReplayedMapRun | undefined,
): MapRunIdentity {
  const now = run.clock.now();
  const id = former?.started.id ?? uuid(run.random);
  return {
    id,
    mapRunArn: statesArn(run.account, 'mapRun', machineNameOf(run, map), id),
    executionArn: textOf(run.execution, 'Id'),
    stateName,
    startDate: new Date(former?.started.startedAt ?? now),
    redriveCount: former === undefined ? 0 : former.started.redriveCount + 1,
    redriveDate: former && new Date(now),
  };
}

function recordStart(run: Run, branch: Branch, { mapRunArn, redriveCount }: MapRunIdentity): void {
  if (redriveCount === 0) {
    record(run, branch, 'MapRunStarted', { mapRunStartedEventDetails: { mapRunArn } });
  } else {
    record(run, branch, 'MapRunRedriven', { mapRunRedrivenEventDetails: { mapRunArn, redriveCount } });
  }
}

/** The etag of the object that the ItemReader reads, or whose names it reads. */
async function sourceTag(run: Run, { map, settings }: MapRunPlan): Promise<string | undefined> {
  const { bucket, key, versionId } = settings.reader ?? NO_PARAMETERS;
  if (map.reader?.source.kind === 'list' || bucket === undefined || key === undefined) return undefined;
  try {
    const head = await run.distributed.objects?.head({ bucket, key, ...(versionId && { versionId }) });
    return head?.etag;
  } catch (error) {
    throw readerFailed(reasonOf(error));
  }
}

const NO_PARAMETERS = { bucket: undefined, key: undefined, versionId: undefined };

function changed(): StateError {
  return readerFailed(
    'The data set has changed since the Map Run started: a redrive could not tell which of its items are done.',
  );
}

/** Results are written anew, with those of the children that need not run again. */
async function keepResults(branch: Branch, former: ReplayedMapRun, results: Results): Promise<void> {
  if (branch.journal === undefined) return;
  for await (const result of branch.journal.succeededChildren(former.started.id)) await results.add(result);
}

function textOf(context: JsonObject, name: string): string {
  const value = context[name];
  if (typeof value !== 'string') throw new TypeError(`the context has no ${name}`);
  return value;
}

/** `machine/label`, under which the children run. */
function machineNameOf(run: Run, { label }: DistributedMap): string {
  return `${textOf(run.stateMachine, 'Name')}/${label}`;
}

function childKind(run: Run, map: DistributedMap): ChildKind {
  const { executionType } = map;
  const { account } = run;
  const machineName = machineNameOf(run, map);
  return {
    executionType,
    stateMachineArn: statesArn(account, 'stateMachine', machineName),
    executionArnOf:
      executionType === 'EXPRESS'
        ? (name) => statesArn(account, 'express', machineName, name, name)
        : (name) => statesArn(account, 'execution', machineName, name),
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
  former: ReplayedMapRun | undefined,
): Promise<void> {
  const template: ChildTemplate = {
    run,
    graph: plan.processor,
    kind,
    mapRunArn: state.mapRunArn,
    stateMachineName: machineNameOf(run, plan.map),
  };
  const abort = new AbortScope(branch.abort);
  let kept = 0;
  const chunks = readAhead(counted(itemsOf(run, plan), state), READ_AHEAD_CHUNKS, abort);
  try {
    await runChildren({
      template,
      inputs: childInputs(chunks, plan.selectItem, plan.settings.batch),
      state,
      abort,
      before: (child) => {
        if (former === undefined) return undefined;
        const items = former.succeededItems(child.index);
        if (items === 0) return former.failed.get(child.index);
        if (items !== child.items) throw changed();
        kept += 1;
        return 'SUCCEEDED';
      },
      onEnded: (result) => keep(branch, state.identity.id, result, results),
      onPending: (child) => results.addPending(child.input),
    });
    if (former !== undefined && kept !== former.succeededCount) throw changed();
  } catch (error) {
    if (branch.abort.reason === undefined && error instanceof StateError) await results.close();
    throw error;
  } finally {
    abort.close();
  }
  await results.close();
}

/** A result counts when the journal has it: whatever happens to the process then, it is not made again. */
function keep(branch: Branch, id: string, result: ChildResult, results: Results): Promise<void> | undefined {
  // Who was stopped did not end; a redrive starts it as if it had never run.
  if (result.status === 'ABORTED') return results.add(result);
  const noted = branch.journal?.childEnded(id, results.needsInput(result) ? result : withoutInput(result));
  return noted === undefined ? results.add(result) : noted.then(() => results.add(result));
}

/** Batches would make the journal as large as the data set. */
function withoutInput(result: ChildResult): ChildResult {
  return { ...result, input: null };
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
