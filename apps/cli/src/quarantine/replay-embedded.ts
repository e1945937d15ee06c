import { arrivedName } from '@sluice/lake-storage/zones';
import type { Arguments } from '../command.ts';
import { datasetNamed } from '../commands/dataset-named.ts';
import { EXIT } from '../exit-codes.ts';
import { readExecution } from '../lake/execution-record.ts';
import { readManifest } from '../lake/manifests.ts';
import type { Lake } from '../lake/open-lake.ts';
import { openJournal } from '../lake/run-journal.ts';
import { withRunLock } from '../lake/run-lock.ts';
import { enginesOf } from '../run/choose-engine.ts';
import type { ObjectRequest } from '../run/execute-run.ts';
import { runObject } from '../run/run-file.ts';
import { reportRun } from '../run/run-report.ts';
import { exitCodeOf, whyNot } from '../run/run-view.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { watchRun } from '../terminal/watch-run.ts';
import { findRunId, type RunName } from './find-run-id.ts';
import { embeddedLakeZones } from './lake-zones.ts';
import { mendedObjects } from './mended-objects.ts';
import { readMendedRows } from './mended-rows.ts';
import { prepareReplay } from './replay.ts';
import { reportReplay } from './replay-report.ts';

/** `sluice quarantine replay RUN` on the lake of this machine. */
export const replayEmbedded = async (
  lake: Lake,
  prefix: string,
  { text, json }: Pick<Arguments, 'text' | 'json'>,
  terminal: Terminal,
): Promise<number> => {
  const zones = embeddedLakeZones(lake);
  const name = await findRunId(zones, prefix);
  const dataset = datasetNamed(name.dataset);
  const path = text('with');
  const mended = path === undefined ? null : { path, rows: await readMendedRows(path, dataset) };
  const last = await lastExecution(lake, name);
  const watcher = watchRun(terminal);
  const { signal } = terminal;
  try {
    const waiting = { signal, onWait: watcher.waiting };
    return await withRunLock(lake, dataset.name, await nameOf(lake, name, last), waiting, async () => {
      const lastAsOf = async () => last?.asOf ?? null;
      const replay = await prepareReplay({ zones, name, dataset, mended, lastAsOf });
      if (replay.done) {
        reportReplay({ replay, after: replay.before, json, terminal });
        return EXIT.ok;
      }
      const request: ObjectRequest = {
        lake,
        dataset,
        workflow: last?.workflow ?? 'etl',
        file: last?.source ?? lake.shown(replay.run.object),
        pseudonymKey: terminal.env.PSEUDONYM_KEY,
        engines: enginesOf('auto', terminal.env, (line) => terminal.err(`  ${line}\n`)),
        signal,
        watcher,
      };
      const finished = await runObject(request, replay.run);
      watcher.done();
      const view = await reportRun(lake, dataset, finished);
      reportReplay({ replay, after: view.manifest, json, terminal });
      if (view.status !== 'published') terminal.err(`\n${terminal.paint.bad('sluice:')} ${whyNot(view)}\n`);
      return exitCodeOf(view);
    });
  } finally {
    watcher.done();
  }
};

interface LastExecution {
  readonly workflow: ObjectRequest['workflow'];
  readonly source: string;
  readonly asOf: string;
  readonly objectKey: string;
}

/** How the run was executed the last time, over or not. */
const lastExecution = async (lake: Lake, { runId }: RunName): Promise<LastExecution | null> => {
  const record = await readExecution(lake.store, runId);
  if (record) {
    const { workflow, source, asOf, object } = record;
    return { workflow, source, asOf, objectKey: object.key };
  }
  const journal = await openJournal(lake, runId);
  if (!journal) return null;
  const { workflow, source, run } = journal.header;
  return { workflow, source, asOf: run.asOf, objectKey: run.object.key };
};

/** The name under which its object landed: that is what is locked. */
const nameOf = async (
  lake: Lake,
  { dataset, runId }: RunName,
  last: LastExecution | null,
): Promise<string> => {
  const zones = embeddedLakeZones(lake);
  const key = last?.objectKey ?? (await readManifest(lake.store, dataset, runId))?.object.key;
  const [mended] = key === undefined ? await mendedObjects(zones, dataset, runId) : [];
  return mended?.name ?? arrivedName(key ?? '');
};
