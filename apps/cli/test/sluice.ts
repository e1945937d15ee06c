import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ProcessOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly uid?: number;
  /** Called with the process's id. */
  readonly onStart?: (pid: number) => Promise<unknown>;
  /** A signal, sent when the promise is fulfilled. */
  readonly stop?: { readonly signal: NodeJS.Signals; readonly when: () => Promise<unknown> };
}

/** Runs the command line in a process of its own. */
export const sluice = (args: readonly string[], options: ProcessOptions = {}): Promise<Ended> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [main, ...args], {
      // Jest's own options are not for this process.
      env: { ...process.env, NODE_OPTIONS: '', SLUICE_DEBUG: '', ...options.env },
      cwd: options.cwd,
      ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }),
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    if (child.pid !== undefined) void options.onStart?.(child.pid);
    void options.stop?.when().then(() => child.kill(options.stop?.signal));
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });

/** A folder for one test, and how to be rid of it. */
export const newFolder = async (): Promise<{ path: string; remove: () => Promise<void> }> => {
  const path = await mkdtemp(join(tmpdir(), 'sluice-test-'));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
};

/** Every file of the zones with the hash of its bytes, by path. */
export const zonesOf = async (lake: string): Promise<Readonly<Record<string, string>>> => {
  const tree: Record<string, string> = {};
  for (const zone of ['raw', 'curated']) {
    const entries = await readdir(join(lake, zone), { withFileTypes: true, recursive: true }).catch(() => []);
    for (const entry of entries) {
      const path = join(entry.parentPath, entry.name);
      // A folder that is left over would be a difference, too.
      tree[path.slice(lake.length)] = entry.isFile()
        ? createHash('sha256')
            .update(await readFile(path))
            .digest('hex')
        : 'folder';
    }
  }
  return tree;
};

/** What unfinished work would leave: temporary files and scratch folders. */
export const litterOf = async (lake: string): Promise<string[]> => {
  const lists = ['tmp', 'scratch', 'locks'].map((name) =>
    readdir(join(lake, '.sluice', name)).catch((): string[] => []),
  );
  return (await Promise.all(lists)).flat();
};
