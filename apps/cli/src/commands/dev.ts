import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { LakeStorageError } from '@sluice/lake-storage';
import { withLock } from '@sluice/lake-storage/disk-lock';
import { CliError } from '../cli-error.ts';
import type { Command } from '../command.ts';
import { readyText } from '../dev/ready-text.ts';
import { type Ports, runSystem } from '../dev/system.ts';
import { EXIT } from '../exit-codes.ts';
import { type Lake, openOrCreateLake } from '../lake/open-lake.ts';
import { enginesOf } from '../run/choose-engine.ts';
import { watchSystem } from '../terminal/watch-system.ts';

const FIRST_PORT = 4567;

export const dev: Command = {
  usage: 'dev',
  summary:
    'Runs all of Sluice on this machine: a stream, an HTTP API and an inbox for files, and what takes them to Parquet.',
  details: `Each door takes records to the raw zone, where every object has its run, as on AWS. Everything listens on 127.0.0.1 and asks
nobody who they are. Ctrl-C closes the doors and lands what they have taken; objects that have not run then run the next
time. What the stream holds is in memory: a process that is killed loses the records of its last seconds.

With --json the first line has the endpoints, and each run that ends is a line. PSEUDONYM_KEY is the key for datasets that pseudonymise.`,
  options: {
    port: {
      type: 'string',
      value: 'N',
      help: `of the stream; the API and Step Functions have the next two; 0: free ones (default: ${FIRST_PORT})`,
    },
  },
  positionals: [0, 0],
  run: async ({ lake: folder, json, text }, terminal) => {
    const ports = portsFrom(text('port'));
    const lake = await openOrCreateLake(folder);
    const watcher = watchSystem(
      terminal,
      { ready: (endpoints) => readyText(lake, endpoints, new Date()) },
      json,
    );
    const engines = enginesOf('auto', terminal.env, () => undefined);
    // Once: what is installed meanwhile is for the next start, and all runs go by one rule.
    const spark = engines.sparkState();
    await alone(lake, () =>
      runSystem({
        lake,
        ports,
        pseudonymKey: terminal.env.PSEUDONYM_KEY,
        engines: { ...engines, sparkState: () => spark },
        signal: terminal.signal,
        watcher,
      }),
    );
    terminal.err('  Stopped. Everything that was taken is in the lake.\n');
    return EXIT.ok;
  },
};

const portsFrom = (given: string | undefined): Ports => {
  const first = given === undefined ? FIRST_PORT : Number(given);
  if (!Number.isInteger(first) || first < 0 || first > 65_533)
    throw new CliError(`--port is a whole number from 0 to 65533, and not ${given}`);
  return first === 0
    ? { kinesis: 0, api: 0, states: 0 }
    : { kinesis: first, api: first + 1, states: first + 2 };
};

/** Two of them would run the same objects, and each take the other's for its own. */
const alone = async (lake: Lake, work: () => Promise<void>): Promise<void> => {
  const temporary = join(lake.hidden, 'tmp');
  const lock = join(lake.hidden, 'locks', 'dev');
  await mkdir(temporary, { recursive: true });
  await mkdir(join(lake.hidden, 'locks'), { recursive: true });
  try {
    await withLock(lock, temporary, work, { patienceMs: 0 });
  } catch (error) {
    if (error instanceof LakeStorageError && error.message.startsWith(`The lock ${lock} `))
      throw new CliError(
        `another sluice dev works on ${lake.shown({ bucket: '', key: '' })}; end it, or take another --lake`,
        EXIT.fault,
        error,
      );
    if (isPortTaken(error))
      throw new CliError(
        `port ${error.port} is taken; take others: sluice dev --port N${lake.option}`,
        EXIT.fault,
        error,
      );
    throw error;
  }
};

const isPortTaken = (error: unknown): error is NodeJS.ErrnoException & { readonly port: number } =>
  error instanceof Error && 'code' in error && error.code === 'EADDRINUSE' && 'port' in error;
