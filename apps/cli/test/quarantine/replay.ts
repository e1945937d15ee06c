import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { datasets } from '@sluice/datasets';
import type { Manifest } from '@sluice/step-contracts';
import { listManifests } from '../../src/lake/manifests.ts';
import { openLake } from '../../src/lake/open-lake.ts';
import { embeddedLakeZones } from '../../src/quarantine/lake-zones.ts';
import { readMendedRows } from '../../src/quarantine/mended-rows.ts';
import { prepareReplay } from '../../src/quarantine/replay.ts';
import { replayEmbedded } from '../../src/quarantine/replay-embedded.ts';
import { runObject } from '../../src/run/run-file.ts';
import type { RunWatcher } from '../../src/run/run-watcher.ts';
import type { Paint, Terminal } from '../../src/terminal/terminal.ts';

const plain = (text: string): string => text;
const paint: Paint = { bold: plain, dim: plain, good: plain, warn: plain, bad: plain };

/** A terminal that keeps what is printed. */
export const terminalOf = (): Terminal & { readonly printed: string[]; readonly said: string[] } => {
  const printed: string[] = [];
  const said: string[] = [];
  return {
    printed,
    said,
    out: (text) => void printed.push(text),
    err: (text) => void said.push(text),
    write: async (chunks) => {
      for await (const chunk of chunks) printed.push(String(Buffer.from(chunk)));
    },
    paint,
    live: false,
    width: 100,
    signal: new AbortController().signal,
    env: {},
  };
};

/** What `sluice quarantine replay RUN --with FILE --json` prints. */
export const replayWith = async (folder: string, run: string, file?: string): Promise<unknown> => {
  const terminal = terminalOf();
  const lake = await openLake(folder);
  await replayEmbedded(
    lake,
    run,
    { text: (option) => (option === 'with' ? file : undefined), json: true },
    terminal,
  );
  return JSON.parse(terminal.printed.join(''));
};

/** A replay that is stopped at the nth event of its execution. */
export const cutOffReplay = async (
  folder: string,
  manifest: Manifest,
  file: string,
  nth: number,
): Promise<void> => {
  const lake = await openLake(folder);
  const dataset = datasets.get(manifest.dataset);
  if (!dataset) throw new Error('no dataset');
  const stop = new AbortController();
  let events = 0;
  const watcher: RunWatcher = {
    waiting: () => undefined,
    landing: () => undefined,
    started: () => undefined,
    event: () => {
      events += 1;
      if (events === nth) stop.abort(new Error('stopped'));
    },
    progress: () => undefined,
    sparkProgress: () => undefined,
    sparkLog: () => undefined,
    clearing: () => undefined,
    mapRun: () => undefined,
    batchFailed: () => undefined,
    notified: () => undefined,
  };
  const { run } = await prepareReplay({
    zones: embeddedLakeZones(lake),
    name: manifest,
    dataset,
    mended: { path: file, rows: await readMendedRows(file, dataset) },
    lastAsOf: async () => null,
  });
  await runObject({ lake, dataset, workflow: 'etl', file: '', signal: stop.signal, watcher }, run);
};

export const onlyManifest = async (folder: string): Promise<Manifest> => {
  const [manifest, ...more] = await listManifests((await openLake(folder)).store);
  if (!manifest || more.length > 0) throw new Error('not one manifest');
  return manifest;
};

/** What a lake with one run holds for its readers, whatever the names of its object and run are. */
export const lakeContents = async (folder: string): Promise<unknown> => {
  const { store } = await openLake(folder);
  const manifest = await onlyManifest(folder);
  const { runId: _runId, object: _object, ...rest } = manifest;
  const files: string[] = [];
  for await (const { key } of store.list('curated', '')) {
    if (!key.startsWith('runs/')) files.push(key);
  }
  const bytes = await Promise.all(files.map((key) => readFile(join(folder, 'curated', key), 'base64')));
  const nameless = (key: string): string => key.replace(/[0-9a-f]{32}/g, 'ID');
  return {
    manifest: JSON.parse(nameless(JSON.stringify(rest))),
    files: files.map((key, at) => [nameless(key), bytes[at]]),
  };
};
