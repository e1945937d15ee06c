import { datasets } from '@sluice/datasets';
import { parseMendedKey } from '@sluice/lake-storage/zones';
import type { JournalledExecution } from '@sluice/local-stepfunctions';
import type { Dataset } from '@sluice/record-schema';
import { refusalErrors, type StateMachine } from '@sluice/workflows';
import { CliError } from '../cli-error.ts';
import type { FoundRun } from '../lake/find-run.ts';
import type { Lake } from '../lake/open-lake.ts';
import type { JournalHeader } from '../lake/run-journal.ts';
import { printable } from '../terminal/printable.ts';
import { quoted } from '../terminal/shell.ts';
import { inputsOf } from './run-inputs.ts';

/** The state machine that was started. */
export const definitionIn = ({ definition }: JournalHeader): StateMachine =>
  // It was written from a StateMachine; loading it finds out what is wrong with it.
  definition as unknown as StateMachine;

const REFUSED = 'not redrivable: the object was refused; mend it and run it anew';

/** Of a run without a journal. */
export const nothingLeft = (
  lake: Lake,
  { run: { runId, dataset }, manifest, execution }: FoundRun,
): CliError => {
  if (manifest?.status === 'published') return succeeded(runId);
  if (manifest?.status === 'rejected') return refused(lake, dataset, 'FILE');
  const file = execution ? quoted(execution.source) : 'FILE';
  return new CliError(
    `nothing to redrive: ${runId} left no journal, or a broken one; run it anew: sluice run ${file} --dataset ${dataset}${lake.option}`,
  );
};

const succeeded = (runId: string): CliError => new CliError(`nothing to redrive: ${runId} has succeeded`);

const refused = (lake: Lake, dataset: string, file: string): CliError =>
  new CliError(`${REFUSED}: sluice run ${file} --dataset ${dataset}${lake.option}`);

/** @throws {CliError} if the execution ended where a redrive could only end again */
export const checkEnding = (
  lake: Lake,
  header: JournalHeader,
  { status, state }: JournalledExecution,
): void => {
  const { run } = header;
  if (status === 'SUCCEEDED') throw succeeded(run.runId);
  const last = state === undefined ? undefined : definitionIn(header).States[state];
  if (last?.Type !== 'Fail') return;
  const refusals: readonly string[] = Object.values(refusalErrors);
  if (refusals.includes(last.Error)) throw refused(lake, run.dataset, quoted(header.source));
  throw new CliError(
    `nothing to redrive: ${run.runId} ended for good, in ${state}; put right what is told by sluice show, and run it anew: ${runAgain(lake, header)}`,
  );
};

/**
 * The dataset, if a redrive would judge the same rows in the same way.
 *
 * @throws {CliError} if the object, the dataset or the key of its pseudonyms is not what the run was started with
 */
export const checkInputs = async (
  lake: Lake,
  header: JournalHeader,
  pseudonymKey: string | undefined,
): Promise<Dataset> => {
  const { run } = header;
  const fail = (why: string): never => {
    throw new CliError(printable(why));
  };
  const anew = `run it anew: ${runAgain(lake, header)}`;
  const dataset = datasets.get(run.dataset);
  if (!dataset)
    return fail(`the dataset ${run.dataset} is gone, so nothing is known of its rows; put it back`);
  const { origin, pseudonymKeyId } = inputsOf({ dataset, pseudonymKey }, run);
  if (origin !== header.origin)
    fail(
      `the dataset ${run.dataset} has changed since ${run.runId} started, and rows of both must not mix; ${anew}`,
    );
  if (pseudonymKeyId !== header.pseudonymKeyId)
    fail(`PSEUDONYM_KEY is not the one that ${run.runId} started with; set that one, or ${anew}`);
  const { bucket, key, etag } = run.object;
  const head = await lake.store.head({ bucket, key });
  const shown = lake.shown({ bucket, key });
  if (!head) fail(`${shown} is gone; land it again: ${runAgain(lake, header)}`);
  if (head?.etag !== etag)
    fail(
      `${shown} holds other bytes than ${run.runId} started with; they are a run of their own: ${runAgain(lake, header)}`,
    );
  return dataset;
};

const runAgain = (
  lake: Lake,
  { run: { dataset, asOf, object }, workflow, source }: JournalHeader,
): string => {
  const mended = parseMendedKey(object.key);
  if (mended) return `sluice quarantine replay ${mended.runId} --with FILE${lake.option}`;
  return [
    `sluice run ${quoted(source)} --dataset ${dataset}${lake.option}`,
    ...(workflow === 'etl' ? [] : [`--workflow ${workflow}`]),
    `--as-of ${asOf}`,
  ].join(' ');
};
