import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FinishedRun } from '../src/run/run-file.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** The name of every failpoint in the sources, so that a new one is killed at without anybody thinking of it. */
export const failpointsInSources = async (): Promise<string[]> => {
  const names = new Set<string>();
  for (const folder of ['apps', 'packages']) {
    for (const workspace of await readdir(join(root, folder))) {
      const source = join(root, folder, workspace, 'src');
      const entries = await readdir(source, { withFileTypes: true, recursive: true }).catch(() => []);
      for (const entry of entries) {
        if (!entry.name.endsWith('.ts')) continue;
        const text = await readFile(join(entry.parentPath, entry.name), 'utf8');
        for (const [, name] of text.matchAll(/[fF]ailpoint\('([^'$]+)'\)/g)) if (name) names.add(name);
      }
    }
  }
  return [...names].sort();
};

/** Entering and leaving every state that a run went through. */
export const stateBoundaries = ({ execution }: FinishedRun): string[] =>
  execution.states.flatMap(({ state }) => [`state:${state}:entered`, `state:${state}:exited`]);
