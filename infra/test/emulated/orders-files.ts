const header = 'id,name,email,amount,quantity,price,status,created_date,region_code';
const columns = header.split(',');
const DAY_MS = 24 * 60 * 60 * 1000;

/** `2025-06-01 10:00:00`, so many days before now. */
const daysAgo = (days: number): string =>
  new Date(Date.now() - days * DAY_MS).toISOString().slice(0, 19).replace('T', ' ');

/** What becomes of the rows of a file. */
export interface Fates {
  readonly rowsIn: number;
  readonly accepted: number;
  readonly filtered: number;
  readonly duplicates: number;
  readonly quarantined: number;
}

interface OrdersFile {
  readonly text: string;
  readonly fates: Fates;
}

/** Rows of orders, ten at a time: six to publish, and one for each other fate; of rejects there are two kinds. */
const ordersRows = (name: string, tens: number): string[][] =>
  Array.from({ length: tens }, (_, ten) => {
    const at = daysAgo(30);
    const id = (row: number): string => `${name}-${ten}-${row}`;
    const good = (row: number): string[] => [
      ...[id(row), ` Ann ${row} `, `ann.${row}@example.com`, `${row * 900}`, `${row}`, '450'],
      ...['ACTIVE', at, `0${(row % 4) + 1}`],
    ];
    return [
      ...[1, 2, 3, 4, 5, 6].map(good),
      good(6),
      [id(7), 'Cyd', 'cyd@example.com', '10', '1', '10', 'CANCELLED', at, '04'],
      [id(8), 'Eve, "E"', 'eve@example.com', 'ten', '1', '10', 'ACTIVE', at, '04'],
      ['', `Dan ${ten}`, 'dan@example.com', '10', '1', '10', 'ACTIVE', at, '04'],
    ];
  }).flat();

const fatesOf = (tens: number): Fates => ({
  rowsIn: 10 * tens,
  accepted: 6 * tens,
  filtered: tens,
  duplicates: tens,
  quarantined: 2 * tens,
});

const quoted = (cell: string): string => (/[",]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);

/** Such rows as CSV. */
export const ordersFile = (name: string, tens: number): OrdersFile => ({
  text: `${[header, ...ordersRows(name, tens).map((cells) => cells.map(quoted).join())].join('\n')}\n`,
  fates: fatesOf(tens),
});

/** Such rows as JSON lines. */
export const ordersLines = (name: string, tens: number): OrdersFile => ({
  text: ordersRows(name, tens)
    .map((cells) => `${JSON.stringify(Object.fromEntries(cells.map((cell, at) => [columns[at], cell])))}\n`)
    .join(''),
  fates: fatesOf(tens),
});

/**
 * Such a file, and after it rows that readers of CSV differ about: with quoted line breaks, delimiters and backslashes, too
 * few cells and too many, and one that is published already, far above.
 */
export const messyOrdersFile = (
  name: string,
  tens: number,
): { readonly text: string; readonly rows: number } => {
  const rest = `ann@example.com,900,1,450,ACTIVE,${daysAgo(30)},01`;
  const messy = [
    `${name}-lines,"Ann\r\nof\n""two"" lines",${rest}`,
    `"${name}-commas",",",${rest}`,
    `${name}-backslash,C:\\,${rest}`,
    `${name}-short,Ann`,
    `${name}-long,Ann,${rest},more,cells`,
    `${name}-0-1,Ann,${rest}`,
  ];
  return { text: `${ordersFile(name, tens).text}${messy.join('\n')}\n`, rows: 10 * tens + messy.length };
};

/** Below the quality threshold: nearly every cell is empty. */
export const hollowOrders = `${[header, ...Array.from({ length: 20 }, () => ',,,,,,,,')].join('\n')}\n`;

/** Lacks the columns of orders. */
export const notOrders = 'ID,name\n1,a\n';

/** Orders with a column that nobody has declared. */
export const ordersWithExtra = (name: string): string => {
  const [head, ...rows] = ordersFile(name, 1).text.trimEnd().split('\n');
  return `${[`${head},coupon`, ...rows.map((row) => `${row},SPRING`)].join('\n')}\n`;
};
