import type { ChildResult } from '../distributed-map/child-result.ts';
import type { HistoryEvent } from '../history.ts';
import type { Json } from '../json.ts';
import type { EnteredState, ExecutionJournal, JournalRecord, StartedMapRun } from './journal.ts';

/** What a journal says of an execution. */
export interface ReplayedExecution {
  readonly name: string;
  readonly input: Json;
  readonly stateMachineName: string;
  readonly startedAt: number;
  readonly redriveCount: number;
  /** Undefined if the execution was cut off. */
  readonly status: 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED' | undefined;
  readonly events: HistoryEvent[];
  readonly root: ReplayedBranch;
}

/** How far a branch came. */
export class ReplayedBranch {
  entered: EnteredState | undefined;
  /** Undefined until it has ended. */
  output: { readonly value: Json } | undefined;
  mapRun: ReplayedMapRun | undefined;
  readonly branches = new Map<number, ReplayedBranch>();

  /** Forgets what the branches of its state have done. */
  clear(): void {
    this.mapRun = undefined;
    this.branches.clear();
  }

  /** The branch that a place names, made if it is not there yet. */
  at(place: string): ReplayedBranch {
    let branch: ReplayedBranch = this;
    for (const step of place.split('/').slice(1)) {
      const index = Number(step);
      const next: ReplayedBranch = branch.branches.get(index) ?? new ReplayedBranch();
      branch.branches.set(index, next);
      branch = next;
    }
    return branch;
  }
}

/** Which children of a Map Run need not run again, and who the others were. */
export class ReplayedMapRun {
  readonly started: StartedMapRun;
  readonly failed: Map<number, { readonly name: string; readonly redriveCount: number }>;
  /** By child, the items of those that succeeded; 0 for the others. */
  #succeeded: Uint32Array;
  succeededCount: number;

  /** @param before the same Map Run until it was redriven */
  constructor(started: StartedMapRun, before?: ReplayedMapRun) {
    this.started = started;
    this.failed = before?.failed ?? new Map();
    this.#succeeded = before === undefined ? new Uint32Array(1_024) : before.#succeeded;
    this.succeededCount = before?.succeededCount ?? 0;
  }

  add({ index, name, status, items, redriveCount }: ChildResult): void {
    if (status !== 'SUCCEEDED') {
      this.failed.set(index, { name, redriveCount });
      return;
    }
    this.failed.delete(index);
    if (index >= this.#succeeded.length) {
      const larger = new Uint32Array(Math.max(index + 1, this.#succeeded.length * 2));
      larger.set(this.#succeeded);
      this.#succeeded = larger;
    }
    if (this.#succeeded[index] === 0) this.succeededCount += 1;
    this.#succeeded[index] = items;
  }

  /** How many items were in a child that succeeded; 0 for any other. */
  succeededItems(index: number): number {
    return this.#succeeded[index] ?? 0;
  }
}

/** Reads a journal to its end; undefined if nothing stands in it. */
export async function replay(journal: ExecutionJournal): Promise<ReplayedExecution | undefined> {
  let execution: Extract<JournalRecord, { type: 'execution' }> | undefined;
  let redriveCount = 0;
  let status: ReplayedExecution['status'];
  const events: HistoryEvent[] = [];
  const root = new ReplayedBranch();
  for await (const record of recordsOf(journal)) {
    switch (record.type) {
      case 'execution':
        execution = record;
        break;
      case 'redrive':
        redriveCount = record.count;
        status = undefined;
        break;
      case 'event':
        events.push({ ...record.event, timestamp: new Date(record.event.timestamp) });
        break;
      case 'end':
        status = record.status;
        break;
      default:
        replayBranch(root, record);
    }
  }
  return execution && { ...execution, redriveCount, status, events, root };
}

type BranchRecord = Extract<JournalRecord, { type: 'state' | 'attempt' | 'branch' | 'map-run' | 'child' }>;

function replayBranch(root: ReplayedBranch, record: BranchRecord): void {
  const branch = root.at(record.at);
  switch (record.type) {
    case 'state':
      branch.entered = record;
      branch.clear();
      break;
    case 'attempt':
      branch.clear();
      break;
    case 'branch':
      branch.output = { value: record.output };
      branch.clear();
      break;
    case 'map-run': {
      const { mapRun } = branch;
      branch.mapRun = new ReplayedMapRun(record, mapRun?.started.id === record.id ? mapRun : undefined);
      break;
    }
    case 'child':
      if (branch.mapRun?.started.id === record.id) branch.mapRun.add(record.result);
  }
}

/** The results of the children of a Map Run that succeeded, each once. */
export async function* succeededChildren(
  journal: ExecutionJournal,
  id: string,
): AsyncGenerator<ChildResult, void> {
  const seen = new ReplayedMapRun({ id, startedAt: 0, redriveCount: 0 });
  for await (const record of recordsOf(journal)) {
    if (record.type !== 'child' || record.id !== id || record.result.status !== 'SUCCEEDED') continue;
    if (seen.succeededItems(record.result.index) > 0) continue;
    seen.add(record.result);
    yield record.result;
  }
}

async function* recordsOf(journal: ExecutionJournal): AsyncGenerator<JournalRecord, void> {
  for await (const line of linesOf(journal)) {
    const record = parse(line);
    if (record !== undefined) yield record;
  }
}

/** A line that a crash has cut off was never acknowledged: what it says did not happen. */
function parse(line: string): JournalRecord | undefined {
  try {
    // Nothing but JournalWriter makes lines that are whole.
    return JSON.parse(line) as JournalRecord;
  } catch {
    return undefined;
  }
}

async function* linesOf(journal: ExecutionJournal): AsyncGenerator<string, void> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const piece of journal.read()) {
    const text = typeof piece === 'string' ? piece : decoder.decode(piece, { stream: true });
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  yield rest;
}
