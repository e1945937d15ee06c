import { arrivedName } from '@sluice/lake-storage/zones';
import type { Manifest, RunInput } from '@sluice/step-contracts';
import { CliError } from '../cli-error.ts';
import { type ExecutionRecord, listExecutions, readExecution } from './execution-record.ts';
import { listManifests } from './manifests.ts';
import { type Lake, shownPath } from './open-lake.ts';
import { listJournals, openJournal } from './run-journal.ts';
import { isRunning } from './run-lock.ts';

export interface FoundRun {
  readonly run: RunInput;
  readonly manifest: Manifest | null;
  readonly execution: ExecutionRecord | null;
  /** A process is at work on it. */
  readonly running: boolean;
}

/** Every run that left a manifest, an execution or, being cut off, its journal only, by dataset, object and id. */
export const listRuns = async (lake: Lake): Promise<FoundRun[]> => {
  const found = new Map<string, FoundRun>();
  for (const manifest of await listManifests(lake.store)) {
    found.set(manifest.runId, { run: runOf(manifest), manifest, execution: null, running: false });
  }
  for (const runId of await listExecutions(lake.store)) {
    const execution = await readExecution(lake.store, runId);
    if (!execution) continue;
    const manifest = found.get(runId)?.manifest ?? null;
    found.set(runId, { run: runOf(manifest ?? execution), manifest, execution, running: false });
  }
  for (const runId of await listJournals(lake)) {
    const journal = await openJournal(lake, runId);
    if (!journal) continue;
    const { run } = journal.header;
    const running = await isRunning(lake, run.dataset, arrivedName(run.object.key));
    found.set(runId, { run, manifest: null, execution: null, ...found.get(runId), running });
  }
  const place = ({ run: { dataset, object, runId } }: FoundRun): string =>
    [dataset, object.key, runId].join('\n');
  return [...found.values()].sort((a, b) => (place(a) < place(b) ? -1 : 1));
};

const runOf = ({ runId, dataset, asOf, object }: RunInput): RunInput => ({ runId, dataset, asOf, object });

/** The one run whose id, or the hexadecimal part of it, begins so. */
export const findRun = async (lake: Lake, prefix: string): Promise<FoundRun> => {
  const runs = await listRuns(lake);
  const matching = runs.filter(
    ({ run: { runId, dataset } }) =>
      runId.startsWith(prefix) || runId.slice(dataset.length + 1).startsWith(prefix),
  );
  const [first, second] = matching;
  const list = `list them: sluice runs${lake.option}`;
  if (!first)
    throw new CliError(`there is no run ${JSON.stringify(prefix)} in ${shownPath(lake.root)}; ${list}`);
  if (second && !runs.some(({ run }) => run.runId === prefix)) {
    throw new CliError(
      `${matching.length} runs begin with ${JSON.stringify(prefix)}; write more of the id; ${list}`,
    );
  }
  return runs.find(({ run }) => run.runId === prefix) ?? first;
};
