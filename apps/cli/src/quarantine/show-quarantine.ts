import { arrivedName } from '@sluice/lake-storage/zones';
import type { Dataset } from '@sluice/record-schema';
import { decompressed } from '@sluice/record-transform/reading';
import type { Manifest } from '@sluice/step-contracts';
import { CliError } from '../cli-error.ts';
import type { Arguments } from '../command.ts';
import { datasetNamed } from '../commands/dataset-named.ts';
import { EXIT } from '../exit-codes.ts';
import { readManifest } from '../lake/manifests.ts';
import type { QuarantinedRow } from '../report/report-input.ts';
import { shortId } from '../run/run-view.ts';
import { count, plural } from '../terminal/figures.ts';
import { printable } from '../terminal/printable.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { findRunId } from './find-run-id.ts';
import type { LakeZones } from './lake-zones.ts';
import { jsonRowsToMend } from './mend-json.ts';
import { quarantinedRows } from './quarantined-rows.ts';
import { csvRowsToMend } from './rows-to-mend.ts';
import { showStreamRecords } from './show-stream-records.ts';
import { rowDocument, rowTable } from './shown-rows.ts';
import { isRecordsName } from './stream-records.ts';

type Published = Extract<Manifest, { status: 'published' }>;

/** More is for files: a terminal's page. */
const SHOWN_ROWS = 20;

/** `sluice quarantine show RUN`, or of a stream's records `show DATASET/STREAM` */
export const showQuarantine = async (
  zones: LakeZones,
  prefix: string,
  args: Arguments,
  terminal: Terminal,
): Promise<number> => {
  const { text, flag, json } = args;
  const reason = text('reason');
  const isForFile = json || flag('csv') || flag('jsonl');
  const limit = limitOf(text('limit')) ?? (isForFile ? Number.POSITIVE_INFINITY : SHOWN_ROWS);
  if (isRecordsName(prefix)) return showStreamRecords(zones, prefix, limit, args, terminal);
  if (flag('jsonl'))
    throw new CliError("--jsonl is for a stream's records; rows of a run are given out by --csv");
  if (json && flag('csv')) throw new CliError('--csv and --json exclude each other; take one of them');
  const manifest = await manifestIn(zones, prefix);
  const dataset = datasetNamed(manifest.dataset);
  const rows: QuarantinedRow[] = [];
  const wanted = new Set<number>();
  let all = 0;
  for await (const row of quarantinedRows(zones.store, zones.buckets.curated, manifest, reason)) {
    all += 1;
    if (all > limit) continue;
    if (flag('csv')) wanted.add(row.row);
    else rows.push(row);
  }
  if (flag('csv')) return writeCsv(zones, manifest, dataset, wanted, terminal);
  const reveal = flag('reveal');
  const { runId, object } = manifest;
  if (json) {
    const shown = rows.map((row) => rowDocument(dataset, row, reveal));
    terminal.out(
      `${JSON.stringify({ runId, dataset: dataset.name, object, quarantined: all, rows: shown })}\n`,
    );
    return EXIT.ok;
  }
  const { dim } = terminal.paint;
  if (all === 0) {
    const what = reason === undefined ? '' : ` because of ${JSON.stringify(reason)}`;
    terminal.err(`No rows of ${runId} are in quarantine${what}.\n`);
    return EXIT.ok;
  }
  terminal.out(rowTable(dataset, rows, reveal, terminal));
  const more = all > rows.length ? ` of ${count(all)}; see more with --limit N` : '';
  terminal.err(
    dim(
      `${plural(rows.length, 'row')}${more}\nMend them: sluice quarantine show ${shortId(runId)} --csv${zones.option} > rows.csv\n`,
    ),
  );
  return EXIT.ok;
};

const limitOf = (text: string | undefined): number | undefined => {
  if (text === undefined) return undefined;
  if (!/^[1-9]\d{0,14}$/.test(text))
    throw new CliError(`--limit ${JSON.stringify(text)} is no number of rows`);
  return Number(text);
};

/** The manifest of a run that has rows to show. */
const manifestIn = async (zones: LakeZones, prefix: string): Promise<Published> => {
  const { dataset, runId } = await findRunId(zones, prefix);
  const manifest = await readManifest(zones.store, dataset, runId, zones.buckets.curated);
  if (!manifest) {
    throw new CliError(
      `the run ${runId} is not over, or a replay of it was cut off: sluice quarantine replay ${runId}${zones.option}`,
    );
  }
  if (manifest.status === 'published') return manifest;
  const { quarantined } = manifest;
  const kept = quarantined ? `; it is kept in ${zones.shown(quarantined)}` : '';
  throw new CliError(
    printable(
      `no rows: ${arrivedName(manifest.object.key)} was refused as a whole: ${manifest.message} (${manifest.code})${kept}; once the dataset is mended: sluice quarantine replay ${runId}${zones.option}`,
    ),
  );
};

const writeCsv = async (
  { store, shown }: LakeZones,
  manifest: Published,
  dataset: Dataset,
  wanted: ReadonlySet<number>,
  { write, err }: Terminal,
): Promise<number> => {
  const { format, object } = manifest;
  if (format === 'parquet') {
    throw new CliError(
      `${arrivedName(object.key)} is Parquet, and its rows cannot be mended one by one; look at them with --json --reveal, and correct the object where it came from`,
    );
  }
  const { etag, size: _size, ...version } = object;
  const body = await store.read(version, { ifMatch: etag });
  if (!body) throw new CliError(`${shown(version)} is gone, and the rows as they came with it`, EXIT.fault);
  const bytes = decompressed(body);
  const { csv, leftOut } =
    format === 'json'
      ? jsonRowsToMend(dataset, object.key, bytes, wanted)
      : csvRowsToMend(dataset, bytes, wanted);
  await write(csv);
  const why =
    format === 'json'
      ? 'cannot be read as a JSON object of plain values'
      : 'has an open quote, which makes one row of all that follows it';
  for (const row of leftOut)
    err(`sluice: row ${count(row)} is left out: it ${why}; correct the object itself, and run that\n`);
  return EXIT.ok;
};
