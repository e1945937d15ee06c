import { createHash } from 'node:crypto';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { macroStatements } from './macros.ts';
import { literal } from './sql.ts';

/** What DuckDB may use. What does not fit into memory is spilled to the scratch folder. */
export interface EngineLimits {
  /** Mebibytes of DuckDB's own memory; the process needs about 250 more. */
  readonly memoryMb: number;
  readonly threads: number;
}

/** How far a statement has come. */
export interface StatementProgress {
  /** Between 0 and 1. */
  readonly fraction: number;
}

/** A private DuckDB with the engine's macros, gone when it is disposed of. */
export interface Session {
  run(sql: string): Promise<void>;
  /** Runs one COPY; how many rows it wrote. */
  copy(sql: string): Promise<number>;
  /** Runs one query; its rows as objects. Counts come as numbers. */
  query(sql: string): Promise<readonly Readonly<Record<string, unknown>>[]>;
  close(): void;
}

export interface SessionOptions {
  readonly scratchDir: string;
  readonly limits: EngineLimits;
  readonly pseudonymKey?: string | undefined;
  readonly onProgress?: ((progress: StatementProgress) => void) | undefined;
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

/** Sets the key of `pseudonym`, as variables: it is part of no statement that touches a row. */
export const setPseudonymKey = async (session: Session, key: string): Promise<void> => {
  const { inner, outer } = hmacPads(key);
  await session.run(`SET VARIABLE sluice_inner_key = unhex(${literal(inner)})`);
  await session.run(`SET VARIABLE sluice_outer_key = unhex(${literal(outer)})`);
};

/** Opens a session that spills into `scratchDir`. */
export const openSession = async (options: SessionOptions): Promise<Session> => {
  const { limits, onProgress } = options;
  const instance = await DuckDBInstance.create(':memory:', {
    threads: String(limits.threads),
    memory_limit: `${limits.memoryMb}MiB`,
    temp_directory: options.scratchDir,
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    preserve_insertion_order: 'true',
  });
  const connection = await instance.connect();
  for (const statement of macroStatements()) await connection.run(statement);
  if (onProgress)
    await connection.run('SET enable_progress_bar = true; SET enable_progress_bar_print = false');
  return {
    run: (sql) =>
      runWith(connection, onProgress, async () => {
        await connection.run(sql);
      }),
    copy: (sql) =>
      runWith(connection, onProgress, async () =>
        Number((await connection.runAndReadAll(sql)).getRows()[0]?.[0]),
      ),
    query: (sql) =>
      runWith(connection, onProgress, async () => {
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

/** Runs `work` in a session of its own, which is gone afterwards. */
export const withSession = async <T>(
  options: SessionOptions,
  work: (session: Session) => Promise<T>,
): Promise<T> => {
  const session = await openSession(options);
  try {
    if (options.pseudonymKey !== undefined) await setPseudonymKey(session, options.pseudonymKey);
    return await work(session);
  } finally {
    session.close();
  }
};
