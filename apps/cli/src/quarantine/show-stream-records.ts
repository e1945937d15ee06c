import { datasets } from '@sluice/datasets';
import type { Dataset } from '@sluice/record-schema';
import { CliError } from '../cli-error.ts';
import type { Arguments } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { shownText } from '../report/shown-text.ts';
import { plural } from '../terminal/figures.ts';
import { printable } from '../terminal/printable.ts';
import { quoted } from '../terminal/shell.ts';
import { table } from '../terminal/table.ts';
import type { Terminal } from '../terminal/terminal.ts';
import type { LakeZones } from './lake-zones.ts';
import { rawOf, reasonsOf, rowDocument } from './shown-rows.ts';
import { type StreamRow, streamRecords } from './stream-records.ts';

/** `sluice quarantine show DATASET/STREAM` */
export const showStreamRecords = async (
  zones: LakeZones,
  name: string,
  limit: number,
  { text, flag, json }: Arguments,
  terminal: Terminal,
): Promise<number> => {
  if (flag('csv'))
    throw new CliError(`records of a stream have no columns; take --jsonl: sluice quarantine show ${name}`);
  if (json && flag('jsonl')) throw new CliError('--jsonl and --json exclude each other; take one of them');
  const reason = text('reason');
  const { dataset: folder, stream, rows: all } = await streamRecords(zones, name, reason);
  const dataset = (folder === null ? undefined : datasets.get(folder)) ?? null;
  if (flag('jsonl')) return writeLines(all, limit, terminal);
  const reveal = flag('reveal');
  const rows: StreamRow[] = [];
  let quarantined = 0;
  for await (const row of all) {
    quarantined += 1;
    if (rows.length < limit) rows.push(row);
    // A person need not wait until all are counted; ls does that.
    else if (!json) break;
  }
  if (json) {
    const shown = rows.map((row) => recordDocument(dataset, row, reveal));
    terminal.out(`${JSON.stringify({ dataset: folder, stream, quarantined, rows: shown })}\n`);
    return EXIT.ok;
  }
  const { dim } = terminal.paint;
  if (quarantined === 0) {
    terminal.err(`No records ${name} are in quarantine because of ${JSON.stringify(reason)}.\n`);
    return EXIT.ok;
  }
  terminal.out(recordTable(dataset, rows, reveal, terminal));
  const more = quarantined > rows.length ? '; there are more, see them with --limit N' : '';
  terminal.err(
    dim(
      `${plural(rows.length, 'record')}${more}\nMend them: sluice quarantine show ${quoted(name)} --jsonl${zones.option} > records.jsonl\n${sendAgain(stream)}`,
    ),
  );
  return EXIT.ok;
};

/** They are no rows of an object that a replay could put right. */
const sendAgain = (stream: string): string =>
  `Send them:  npm run produce -- records.jsonl --stream ${quoted(stream)}  (they stay listed here; to send them twice is to have them twice)\n`;

/** A line for each record: when it arrived, where, why it could not be read, and its text. */
const recordTable = (
  dataset: Dataset | null,
  rows: readonly StreamRow[],
  reveal: boolean,
  { paint, width }: Terminal,
): string => {
  const cells = rows.map((row) => [
    row.stream.arrivedAt.slice(0, 19).replace('T', ' '),
    printable(row.stream.shardId),
    reasonsOf(row),
  ]);
  const taken = [0, 1, 2].map((at) => Math.max(...cells.map((row) => row[at]?.length ?? 0), 7) + 2);
  const room = Math.max(40, width - taken.reduce((sum, one) => sum + one, 0));
  return table(
    [{ title: 'arrived' }, { title: 'shard' }, { title: 'reasons' }, { title: 'record' }],
    rows.map((row, at) => [...(cells[at] ?? []), shownText(rawOf(dataset, row, reveal), room - 1)]),
    paint,
  );
};

/** Its bytes are text that nobody has masked. */
const recordDocument = (dataset: Dataset | null, row: StreamRow, reveal: boolean) => {
  const { data, ...stream } = row.stream;
  const document = rowDocument(dataset, row, reveal);
  if (data === undefined) return { ...document, stream };
  return reveal
    ? { ...document, stream: row.stream }
    : { ...document, masked: [...document.masked, 'stream.data'], stream };
};

/** Each record as it came, on a line of its own; what is no text is left out, and said. */
const writeLines = async (
  rows: AsyncIterable<StreamRow>,
  limit: number,
  { write, err }: Terminal,
): Promise<number> => {
  let leftOut = 0;
  async function* lines(): AsyncGenerator<Uint8Array> {
    let written = 0;
    for await (const { raw, stream } of rows) {
      if (written >= limit) return;
      if (raw === null || stream.data !== undefined) leftOut += 1;
      // Within a record of JSON a line end is a blank.
      else yield Buffer.from(`${raw.replace(/[\r\n]+/g, ' ')}\n`);
      written += 1;
    }
  }
  await write(lines());
  if (leftOut > 0) {
    err(
      `sluice: ${plural(leftOut, 'record')} left out: not text, or too long to be kept as such; --json --reveal has the bytes in stream.data\n`,
    );
  }
  return EXIT.ok;
};
