import type { Json } from '@duckdb/node-api';
import type { Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { openLake } from '../lake/open-lake.ts';
import { withScratch } from '../lake/scratch.ts';
import { type Answer, queryLake } from '../query/query-lake.ts';
import { count, plural } from '../terminal/figures.ts';
import { printable } from '../terminal/printable.ts';
import { table } from '../terminal/table.ts';

/** More is for programs: `--json` gives them all. */
const SHOWN_ROWS = 1000;

export const query: Command = {
  usage: 'query SQL',
  summary: 'Asks the lake in SQL, as DuckDB speaks it.',
  details: `Each dataset is a table of its published rows with their partition columns. Beside them are
  runs        one row for each run that is over
  quarantine  the rows that could not be taken: dataset, run_id, row, reasons, record, raw
It reads and does nothing else: one SELECT, and no files but those of the tables. The table shows the first
${count(SHOWN_ROWS)} rows, --json all of them.`,
  options: {},
  positionals: [1, 1],
  run: async ({ positionals: [sql = ''], lake: folder, json }, { out, err, paint }) => {
    const lake = await openLake(folder);
    const answer = await withScratch(lake, (scratch) =>
      queryLake(lake, sql, json ? Number.POSITIVE_INFINITY : SHOWN_ROWS, scratch),
    );
    if (json) {
      out(`${JSON.stringify(documentOf(answer))}\n`);
      return EXIT.ok;
    }
    out(tableOf(answer, paint));
    const more = answer.cut ? ', and there are more: add a LIMIT, or --json' : '';
    err(paint.dim(`${plural(answer.rows.length, 'row')}${more}\n`));
    return EXIT.ok;
  },
};

const documentOf = ({ columns, rows }: Answer) => ({
  columns,
  rows: rows.map(
    (row): Record<string, Json> => Object.fromEntries(columns.map(({ name }, at) => [name, row[at] ?? null])),
  ),
});

const cellText = (value: Json): string =>
  value === null ? 'NULL' : printable(typeof value === 'string' ? value : JSON.stringify(value));

const NUMBERS = /^(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT|U[A-Z]*INT|UHUGEINT|FLOAT|DOUBLE|DECIMAL)/;

const tableOf = ({ columns, rows }: Answer, paint: Parameters<typeof table>[2]): string =>
  table(
    columns.map(({ name, type }) => ({
      title: printable(name),
      align: NUMBERS.test(type) ? 'right' : 'left',
    })),
    rows.map((row) => row.map((value) => cellText(value))),
    paint,
  );
