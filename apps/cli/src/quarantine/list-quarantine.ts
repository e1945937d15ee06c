import { UNMATCHED } from '@sluice/lake-storage/zones';
import { CliError } from '../cli-error.ts';
import type { Arguments } from '../command.ts';
import { datasetNamed } from '../commands/dataset-named.ts';
import { EXIT } from '../exit-codes.ts';
import { listManifests, readManifest } from '../lake/manifests.ts';
import { objectName } from '../lake/object-name.ts';
import { shortId } from '../run/run-view.ts';
import { count } from '../terminal/figures.ts';
import { printable } from '../terminal/printable.ts';
import { quoted } from '../terminal/shell.ts';
import { table } from '../terminal/table.ts';
import type { Paint, Terminal } from '../terminal/terminal.ts';
import { findRunId, manifestsOf } from './find-run-id.ts';
import type { LakeZones } from './lake-zones.ts';
import { entriesOf, type QuarantineEntry } from './quarantine-entries.ts';
import { recordsName, type StreamEntry, streamEntries } from './stream-records.ts';

/** `sluice quarantine ls` */
export const listQuarantine = async (
  zones: LakeZones,
  { text, json }: Pick<Arguments, 'text' | 'json'>,
  { out, err, paint }: Terminal,
): Promise<number> => {
  const [dataset, run, reason] = [text('dataset'), text('run'), text('reason')];
  const runs = dataset === UNMATCHED ? [] : entriesOf(await manifestsIn(zones, dataset, run), reason);
  const streams = run === undefined ? await streamEntries(zones, dataset, reason) : [];
  if (json) {
    out(`${JSON.stringify([...runs, ...streams])}\n`);
    return EXIT.ok;
  }
  if (runs.length === 0 && streams.length === 0) {
    err(`Nothing is in quarantine in ${zones.name}${isFiltered(text) ? ' that fits' : ''}.\n`);
    return EXIT.ok;
  }
  const [[firstRun], [firstStream]] = [runs, streams];
  if (firstRun) {
    out(runTable(runs, paint));
    err(paint.dim(`\nLook at rows: sluice quarantine show ${shortId(firstRun.runId)}${zones.option}\n`));
  }
  if (firstRun && firstStream) out('\n');
  if (firstStream) {
    const name = quoted(recordsName(firstStream));
    out(streamTable(streams, paint));
    err(paint.dim(`\nLook at records: sluice quarantine show ${name}${zones.option}\n`));
  }
  return EXIT.ok;
};

const runTable = (runs: readonly QuarantineEntry[], paint: Paint): string =>
  table(
    [
      { title: 'run' },
      { title: 'as of' },
      { title: 'object' },
      { title: 'quarantined', align: 'right' },
      { title: 'rows in', align: 'right' },
      { title: 'rows', align: 'right' },
      { title: 'reason' },
    ],
    runs.flatMap(linesOf),
    paint,
  );

/** Records that could not be read on a stream, and so never came to be rows of an object. */
const streamTable = (streams: readonly StreamEntry[], paint: Paint): string =>
  table(
    [
      { title: "stream's records" },
      { title: 'last arrived' },
      { title: 'quarantined', align: 'right' },
      { title: 'records', align: 'right' },
      { title: 'reason' },
    ],
    streams.flatMap((entry) => {
      const head = [
        printable(recordsName(entry)),
        entry.lastArrivedAt.slice(0, 19).replace('T', ' '),
        count(entry.quarantined),
      ];
      return entry.reasons.map(({ field, code, rows }, at) => [
        ...(at === 0 ? head : head.map(() => '')),
        count(rows ?? 0),
        field === null ? code : `${field} ${code}`,
      ]);
    }),
    paint,
  );

const isFiltered = (text: Arguments['text']): boolean =>
  ['dataset', 'run', 'reason'].some((option) => text(option) !== undefined);

const manifestsIn = async (zones: LakeZones, dataset: string | undefined, run: string | undefined) => {
  const { store, buckets } = zones;
  const wanted = dataset === undefined ? undefined : datasetNamed(dataset).name;
  if (run === undefined) return listManifests(store, buckets.curated, manifestsOf(wanted));
  const name = await findRunId(zones, run);
  if (wanted !== undefined && wanted !== name.dataset)
    throw new CliError(`the run ${name.runId} is of ${name.dataset}, not of ${wanted}`);
  const manifest = await readManifest(store, name.dataset, name.runId, buckets.curated);
  return manifest ? [manifest] : [];
};

/** A line for each reason; the run stands in the first. */
const linesOf = ({ runId, asOf, object, quarantined, rowsIn, reasons }: QuarantineEntry): string[][] => {
  const head = [
    shortId(runId),
    asOf.slice(0, 10),
    printable(objectName(object.key)),
    quarantined === null ? 'whole object' : count(quarantined),
    rowsIn === null ? '' : count(rowsIn),
  ];
  return reasons.map(({ field, code, rows }, at) => [
    ...(at === 0 ? head : head.map(() => '')),
    rows === null ? '' : count(rows),
    field === null ? code : `${field} ${code}`,
  ]);
};
