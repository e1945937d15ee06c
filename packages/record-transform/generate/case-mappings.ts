import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { DuckDBInstance } from '@duckdb/node-api';

/** What an engine maps one code point to, where that is anything but itself. */
export interface CaseMappings {
  readonly upper: ReadonlyMap<number, string>;
  readonly lower: ReadonlyMap<number, string>;
}

/** Every Unicode scalar value. */
export const codePoints: readonly number[] = Array.from({ length: 0x110000 }, (_, cp) => cp).filter(
  (cp) => cp < 0xd800 || cp > 0xdfff,
);

const collect = (
  rows: Iterable<readonly [codePoint: number, upper: string, lower: string]>,
): CaseMappings => {
  const mappings = { upper: new Map<number, string>(), lower: new Map<number, string>() };
  for (const [cp, upper, lower] of rows) {
    const self = String.fromCodePoint(cp);
    if (upper !== self) mappings.upper.set(cp, upper);
    if (lower !== self) mappings.lower.set(cp, lower);
  }
  return mappings;
};

export const nodeCaseMappings = (): CaseMappings =>
  collect(
    codePoints.map((cp) => {
      const self = String.fromCodePoint(cp);
      return [cp, self.toUpperCase(), self.toLowerCase()] as const;
    }),
  );

export const duckdbCaseMappings = async (): Promise<CaseMappings & { readonly version: string }> => {
  const connection = await (await DuckDBInstance.create()).connect();
  try {
    const read = async (sql: string) => (await connection.runAndReadAll(sql)).getRows();
    const [[version] = []] = await read('select version()');
    const rows = await read(`
      select cp, upper(chr(cp)), lower(chr(cp))
      from (
        select range::integer as cp from range(0, 55296)
        union all select range::integer from range(57344, 1114112)
      )
      where upper(chr(cp)) <> chr(cp) or lower(chr(cp)) <> chr(cp)
      order by cp`);
    return {
      version: String(version),
      ...collect(rows.map(([cp, upper, lower]) => [Number(cp), String(upper), String(lower)] as const)),
    };
  } finally {
    connection.closeSync();
  }
};

/** Glue runs Spark on Java 17; other releases know other editions of Unicode. */
const JAVA = 17;

/** Null if there is no Java 17 (`JAVA_HOME`, else the PATH). */
export const javaCaseMappings = async (): Promise<CaseMappings | null> => {
  const run = promisify(execFile);
  const java = process.env.JAVA_HOME ? join(process.env.JAVA_HOME, 'bin', 'java') : 'java';
  const found = await run(java, ['-version']).catch(() => null);
  // `-version` writes to standard error: openjdk version "17.0.15" 2025-04-15
  if (!new RegExp(`version "${JAVA}\\b`).test(found?.stderr ?? '')) return null;
  const source = fileURLToPath(new URL('CaseMappings.java', import.meta.url));
  const { stdout } = await run(java, [source], { maxBuffer: 64 * 1024 * 1024 });
  const text = (hex = ''): string =>
    String.fromCodePoint(...hex.split(',').map((one) => Number.parseInt(one, 16)));
  return collect(
    stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.split(' '))
      .map(([cp = '', upper, lower]) => [Number.parseInt(cp, 16), text(upper), text(lower)] as const),
  );
};
