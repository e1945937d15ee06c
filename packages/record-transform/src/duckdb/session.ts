import { createHash } from 'node:crypto';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { macroStatements } from './macros.ts';
import { literal } from './sql.ts';

/** What DuckDB may use. What does not fit into memory is spilled to the scratch folder. */
export interface EngineLimits {
  /** Mebibytes of what DuckDB manages; buffers of its readers and writers, Node and its heap come on top: about 500. */
  readonly memoryMb: number;
  readonly threads: number;
}

/** How far a statement has come. */
export interface StatementProgress {
  /** Between 0 and 1. */
  readonly fraction: number;
}

/** A private DuckDB with the engine's macros. */
export interface Session {
  /** From now on tells how far the running statement has come, a few times a second. */
  watch(onProgress: ((progress: StatementProgress) => void) | undefined): void;
  run(sql: string): Promise<void>;
  /** Runs one COPY; how many rows it wrote. */
  copy(sql: string): Promise<number>;
  /** Runs one query; its rows as objects. Counts come as numbers. */
  query(sql: string): Promise<readonly Readonly<Record<string, unknown>>[]>;
  close(): void;
}

/** The two padded keys of HMAC-SHA-256 (RFC 2104), in hex. */
const hmacPads = (key: string): { inner: string; outer: string } => {
  const bytes = Buffer.from(key, 'utf8');
  const block = Buffer.alloc(64);
  (bytes.length > 64 ? createHash('sha256').update(bytes).digest() : bytes).copy(block);
  const pad = (byte: number): string => Buffer.from(block.map((one) => one ^ byte)).toString('hex');
  return { inner: pad(0x36), outer: pad(0x5c) };
};

const asNumber = (value: unknown): unknown => (typeof value === 'bigint' ? Number(value) : value);

const runWith = async <T>(
  connection: DuckDBConnection,
  onProgress: ((progress: StatementProgress) => void) | undefined,
  work: () => Promise<T>,
): Promise<T> => {
  if (!onProgress) return work();
  const timer = setInterval(() => {
    const { percentage } = connection.progress;
    if (percentage >= 0) onProgress({ fraction: percentage / 100 });
  }, 200);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
};

/** DuckDB's own words for it are of blocks. */
const explained = (error: unknown, { memoryMb }: EngineLimits): unknown =>
  String(error).startsWith('Error: Out of Memory Error')
    ? new Error(
        `DuckDB may use ${memoryMb} MiB of memory, and rows so long or columns so many take more; Spark takes such an object`,
        { cause: error },
      )
    : error;

/** Sets the key of `pseudonym`, as variables: it is part of no statement that touches a row. */
export const setPseudonymKey = async (session: Session, key: string): Promise<void> => {
  const { inner, outer } = hmacPads(key);
  await session.run(`SET VARIABLE sluice_inner_key = unhex(${literal(inner)})`);
  await session.run(`SET VARIABLE sluice_outer_key = unhex(${literal(outer)})`);
};

/** Opens a session that spills into `scratchDir`. */
export const openSession = async (scratchDir: string, limits: EngineLimits): Promise<Session> => {
  const instance = await DuckDBInstance.create(':memory:', {
    threads: String(limits.threads),
    memory_limit: `${limits.memoryMb}MiB`,
    temp_directory: scratchDir,
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    preserve_insertion_order: 'true',
  });
  const connection = await instance.connect();
  for (const statement of macroStatements()) await connection.run(statement);
  await connection.run('SET enable_progress_bar = true');
  await connection.run('SET enable_progress_bar_print = false');
  let onProgress: ((progress: StatementProgress) => void) | undefined;
  const working = <T>(work: () => Promise<T>): Promise<T> =>
    runWith(connection, onProgress, work).catch((error: unknown) => {
      throw explained(error, limits);
    });
  return {
    watch: (listener) => {
      onProgress = listener;
    },
    run: (sql) =>
      working(async () => {
        await connection.run(sql);
      }),
    copy: (sql) => working(async () => Number((await connection.runAndReadAll(sql)).getRows()[0]?.[0])),
    query: (sql) =>
      working(async () => {
        const rows = (await connection.runAndReadAll(sql)).getRowObjectsJS();
        return rows.map((row) =>
          Object.fromEntries(Object.entries(row).map(([name, value]) => [name, asNumber(value)])),
        );
      }),
    close: () => {
      connection.closeSync();
      instance.closeSync();
    },
  };
};
