import { arrivedName } from '@sluice/lake-storage/zones';
import { readJournal } from '@sluice/local-stepfunctions';
import type { Dataset } from '@sluice/record-schema';
import { CliError } from '../cli-error.ts';
import { EXIT } from '../exit-codes.ts';
import type { FoundRun } from '../lake/find-run.ts';
import type { Lake } from '../lake/open-lake.ts';
import { createJournal, openJournal, type RunJournal } from '../lake/run-journal.ts';
import { withRunLock } from '../lake/run-lock.ts';
import type { Engines } from './choose-engine.ts';
import { type Beginning, executeRun, type FinishedObject } from './execute-run.ts';
import { checkEnding, checkInputs, definitionIn, nothingLeft } from './redrivable.ts';
import type { RunWatcher } from './run-watcher.ts';

export interface RedriveRequest {
  readonly lake: Lake;
  readonly found: FoundRun;
  readonly pseudonymKey: string | undefined;
  readonly engines?: Engines | undefined;
  readonly signal: AbortSignal;
  readonly watcher: RunWatcher;
}

export interface RedrivenRun extends FinishedObject {
  readonly dataset: Dataset;
}

/**
 * Goes on with a run that failed, was stopped, timed out or was killed, by the state machine and with the input that it was
 * started with: states that ended, and batches that succeeded, are not done again.
 *
 * @throws {CliError} if there is nothing to go on with, or it would not be the same run any more
 */
export const redriveRun = async (request: RedriveRequest): Promise<RedrivenRun> => {
  const { runId, dataset, object } = request.found.run;
  const busy = new AbortController();
  const onWait = (): void =>
    busy.abort(new CliError(`another process is at work on ${runId}; wait until it has ended`, EXIT.fault));
  const signal = AbortSignal.any([request.signal, busy.signal]);
  return withRunLock(request.lake, dataset, arrivedName(object.key), { signal, onWait }, () =>
    redrive(request),
  );
};

const redrive = async (request: RedriveRequest): Promise<RedrivenRun> => {
  const { lake, found, pseudonymKey, engines, signal, watcher } = request;
  const journal = await openJournal(lake, found.run.runId);
  if (!journal) throw nothingLeft(lake, found);
  const { workflow, source } = journal.header;
  const beginning = await beginningOf(lake, found, journal);
  const dataset = await checkInputs(lake, journal.header, pseudonymKey);
  const finished = await executeRun(
    { lake, dataset, workflow, file: source, pseudonymKey, engines, signal, watcher },
    beginning,
  );
  return { ...finished, dataset };
};

const beginningOf = async (lake: Lake, { execution }: FoundRun, journal: RunJournal): Promise<Beginning> => {
  const { header } = journal;
  const { run } = header;
  const definition = definitionIn(header);
  const journalled = await readJournal(journal.journal);
  if (!journalled) {
    // It was killed before it had begun. A line that is cut off may stand in the journal.
    return { run, definition, journal: await createJournal(lake, header), former: null };
  }
  checkEnding(lake, header, journalled);
  // That of an earlier execution says nothing of this one.
  const record = execution && execution.startedAt >= header.startedAt ? execution : null;
  return { run, definition, journal, former: { journalled, record } };
};
