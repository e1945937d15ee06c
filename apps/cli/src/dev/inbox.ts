import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { datasets } from '@sluice/datasets';
import type { Dataset } from '@sluice/record-schema';
import { checkSource } from '../lake/land-file.ts';
import type { Lake } from '../lake/open-lake.ts';
import { putEmbedded } from '../put/put-embedded.ts';

const EVERY_MS = 500;
/** Hidden files, and what programs call files that they have not finished. */
const UNFINISHED = /^\.|~$|\.(?:part|partial|tmp|crdownload|swp)$/i;

export interface Landed {
  readonly dataset: string;
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** False if the same bytes lay in the raw zone already. */
  readonly written: boolean;
}

/** `inbox/<dataset>/`: files that are copied or moved there are taken to the raw zone, as uploads. */
export const inboxOf = (lake: Lake): string => join(lake.root, 'inbox');

/**
 * Takes what lies in the inbox to the raw zone until the signal aborts. A file is taken when it has stopped growing, and
 * goes from the inbox when the raw zone has it. What cannot be taken, such as a file whose name waits for its run with other
 * bytes, is told of once and tried again.
 */
export const watchInbox = async (
  lake: Lake,
  signal: AbortSignal,
  onLanded: (landed: Landed) => void,
  onProblem: (what: string, error: unknown) => void,
): Promise<void> => {
  const folders = [...datasets.values()].map((dataset) => ({
    dataset,
    folder: join(inboxOf(lake), dataset.name),
  }));
  await Promise.all(folders.map(({ folder }) => mkdir(folder, { recursive: true })));
  /** By path: what a file looked like the last time, and whether it was told that it cannot be taken. */
  const looks = new Map<string, { readonly look: string; readonly told: boolean }>();
  while (!signal.aborted) {
    for (const { dataset, folder } of folders) {
      for (const entry of await readdir(folder, { withFileTypes: true })) {
        if (signal.aborted) return;
        if (!entry.isFile() || UNFINISHED.test(entry.name)) continue;
        const path = join(folder, entry.name);
        const look = await lookOf(path);
        const before = looks.get(path);
        if (look === null || before?.look !== look) {
          looks.set(path, { look: look ?? '', told: false });
          continue;
        }
        try {
          onLanded(await take(lake, dataset, path, signal));
          looks.delete(path);
        } catch (error) {
          if (signal.aborted) return;
          looks.set(path, { look, told: true });
          if (!before.told) onProblem(path, error);
        }
      }
    }
    await sleep(EVERY_MS, undefined, { signal }).catch(() => undefined);
  }
};

const lookOf = async (path: string): Promise<string | null> => {
  const stats = await stat(path, { bigint: true }).catch(() => null);
  return stats && `${stats.size} ${stats.ino} ${stats.mtimeNs}`;
};

const take = async (lake: Lake, dataset: Dataset, path: string, signal: AbortSignal): Promise<Landed> => {
  const source = await checkSource(path);
  const ignore = (): void => undefined;
  const { outcome } = await putEmbedded(lake, dataset, source, { signal, onBytes: ignore, onWait: ignore });
  await rm(path);
  return { dataset: dataset.name, name: source.name, size: source.size, written: outcome !== 'unchanged' };
};
