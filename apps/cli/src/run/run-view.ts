import type { Manifest, RunInput } from '@sluice/step-contracts';
import { EXIT } from '../exit-codes.ts';
import type { ExecutionRecord } from '../lake/execution-record.ts';
import { manifestAddress } from '../lake/manifests.ts';
import type { BatchResults } from '../lake/map-run-record.ts';
import type { Lake } from '../lake/open-lake.ts';
import type { NextCommand } from '../report/report-input.ts';
import { printable } from '../terminal/printable.ts';
import { quoted } from '../terminal/shell.ts';
import { ASKED_FOR } from './choose-engine.ts';

/** All that is known of a run: `--json` prints it, the summary is made from it. */
export interface RunView extends RunInput {
  readonly status: 'published' | 'rejected' | 'failed' | 'stopped';
  readonly manifest: Manifest | null;
  /** Null if the run was not executed in this lake, or its record is gone. */
  readonly execution: ExecutionRecord | null;
  /** Paths of files that are there. */
  readonly files: {
    readonly raw: string;
    /** Published rows. */
    readonly published: readonly string[];
    /** The folder of the table that they are in instead. */
    readonly table?: string;
    /** Quarantined rows, or the refused object. */
    readonly quarantine: string | null;
    readonly manifest: string | null;
    /** The folder of what a Map Run's ResultWriter left. */
    readonly mapResults: string | null;
    readonly report: string | null;
  };
  readonly next: readonly NextCommand[];
}

const shownFolder = (lake: Lake, { bucket, files }: BatchResults): string | null => {
  const key = files[0]?.key;
  return key === undefined ? null : lake.shown({ bucket, key: key.slice(0, key.lastIndexOf('/')) });
};

export const statusOf = (manifest: Manifest | null, execution: ExecutionRecord | null): RunView['status'] =>
  manifest?.status ?? (execution?.status === 'ABORTED' ? 'stopped' : 'failed');

export interface KnownRun {
  readonly run: RunInput;
  readonly manifest: Manifest | null;
  readonly execution: ExecutionRecord | null;
  readonly report: string | null;
}

export const viewOf = (lake: Lake, { run, manifest, execution, report }: KnownRun): RunView => {
  const { runId, dataset, asOf, object } = run;
  const curated = (key: string): string => lake.shown({ ...manifestAddress(dataset, runId), key });
  const quarantine =
    manifest?.status === 'published' ? manifest.quarantine?.key : (manifest?.quarantined?.key ?? undefined);
  return {
    runId,
    dataset,
    asOf,
    object,
    status: statusOf(manifest, execution),
    manifest,
    execution,
    files: {
      raw: lake.shown(object),
      published: manifest?.status === 'published' ? manifest.files.map(({ key }) => curated(key)) : [],
      ...(manifest?.status === 'published' && manifest.table && { table: curated(manifest.table.key) }),
      quarantine: quarantine === undefined ? null : curated(quarantine),
      manifest: manifest ? lake.shown(manifestAddress(dataset, runId)) : null,
      mapResults: execution?.mapRun?.results ? shownFolder(lake, execution.mapRun.results) : null,
      report,
    },
    next: nextCommands(lake, run, manifest, execution),
  };
};

export const exitCodeOf = ({ status, manifest }: Pick<RunView, 'status' | 'manifest'>): number => {
  if (status === 'published') return EXIT.ok;
  if (manifest?.status !== 'rejected') return EXIT.fault;
  return manifest.gate === 'quality' ? EXIT.belowThreshold : EXIT.refused;
};

/** Why a run published nothing, in one line: what, where, what to do. */
export const whyNot = ({ status, manifest, execution, object, files, next }: RunView): string => {
  if (manifest?.status === 'rejected') {
    const kept = files.quarantine === null ? '' : `; it is kept in ${files.quarantine}`;
    return printable(
      `${object.key} was refused: ${manifest.message} (${manifest.code})${kept}; correct it and run it again`,
    );
  }
  if (status === 'stopped') return 'stopped; run the same command again to finish the job';
  const why = execution ? causeOf(execution) : 'it was not finished';
  const what =
    execution && isLeftToEtl(execution) ? 'correct the object, or let etl take it' : 'put it right';
  return printable(
    `the run of ${object.key} failed: ${why}; nothing is half done: ${what}, then: ${next[0]?.line}`,
  );
};

/** Step Functions' reader cannot read the object, or reads it in another way than we do; etl reads it as we do. */
const isLeftToEtl = (execution: ExecutionRecord): boolean =>
  /\((States\.ItemReaderFailed|ReaderDisagreement|NotForCsvMap)\)$/.test(causeOf(execution));

/** The error that led to the failure: the state machine passes it on as JSON. */
export const causeOf = ({ failure, status }: ExecutionRecord): string => {
  const { error = status, cause = '' } = failure ?? {};
  try {
    const inner: unknown = JSON.parse(cause);
    if (typeof inner === 'object' && inner !== null) {
      const [name, why] = [Reflect.get(inner, 'Error'), Reflect.get(inner, 'Cause')];
      return typeof why === 'string' && why !== '' ? `${why} (${name})` : String(name);
    }
  } catch {
    // Not every cause is JSON.
  }
  return cause === '' ? error : `${cause} (${error})`;
};

/** As short as a person would type it: what is left of it still names one run. */
export const shortId = (runId: string): string => runId.slice(0, -24);

/** What was said beside the file and its dataset. */
const workflowOption = ({ workflow, engine }: ExecutionRecord): string => {
  if (workflow !== 'etl') return ` --workflow ${workflow}`;
  return engine?.because === ASKED_FOR ? ` --engine ${engine.engine}` : '';
};

const nextCommands = (
  lake: Lake,
  { runId, dataset }: RunInput,
  manifest: Manifest | null,
  execution: ExecutionRecord | null,
): NextCommand[] => {
  const show = { purpose: 'What happened', line: `sluice show ${shortId(runId)}${lake.option}` };
  if (manifest?.status === 'published') {
    return [
      {
        purpose: 'The new rows',
        line: `sluice query "SELECT * FROM ${dataset} LIMIT 5"${lake.option}`,
      },
      ...(manifest.quarantine
        ? [
            {
              purpose: 'The rows in quarantine',
              line: `sluice quarantine show ${shortId(runId)}${lake.option}`,
            },
          ]
        : []),
      show,
    ];
  }
  if (manifest?.status === 'rejected') {
    return [
      { purpose: 'What the dataset expects', line: `sluice datasets ${dataset}` },
      { purpose: 'When it is corrected', line: `sluice run FILE --dataset ${dataset}${lake.option}` },
      {
        purpose: 'When the dataset is',
        line: `sluice quarantine replay ${shortId(runId)}${lake.option}`,
      },
      show,
    ];
  }
  const runAgain = (source: string, options: string): string =>
    `sluice run ${quoted(source)} --dataset ${dataset}${options}${lake.option}`;
  const again = execution
    ? [
        isLeftToEtl(execution)
          ? { purpose: 'Let etl take it', line: runAgain(execution.source, ' --workflow etl') }
          : { purpose: 'Try again', line: runAgain(execution.source, workflowOption(execution)) },
      ]
    : [];
  // A redrive would only enter that state again.
  const endedForGood = execution?.failure?.error === 'PipelineFailed';
  const redrive = {
    purpose: 'Go on where it stopped',
    line: `sluice redrive ${shortId(runId)}${lake.option}`,
  };
  return [...(endedForGood ? [] : [redrive]), ...again, show];
};
