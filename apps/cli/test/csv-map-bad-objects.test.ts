import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { unaccounted } from '@sluice/step-contracts';
import type { RunView } from '../src/run/run-view.ts';
import { commandInProcess } from './failures/command-in-process.ts';
import { codeSpansOf } from './failures/failure.ts';
import { type BadObject, badObjects } from './failures/objects.ts';
import { readerSays } from './failures/reader.ts';
import { AS_OF } from './orders.ts';
import { litterOf, newFolder, zonesOf } from './sluice.ts';

let folder: Awaited<ReturnType<typeof newFolder>>;
beforeAll(async () => {
  folder = await newFolder();
});
afterAll(() => folder.remove());

const run = async ({ name, content }: BadObject, ...options: readonly string[]) => {
  const [file, lake] = [join(folder.path, name), join(folder.path, `lake of ${name}`)];
  const args = [file, '--dataset', 'orders', '--as-of', AS_OF, '--lake', lake, '--json', ...options];
  await writeFile(file, content);
  const ended = await commandInProcess('run', args);
  const view: RunView = JSON.parse(ended.stdout);
  return { ...ended, view, zones: Object.keys(await zonesOf(lake)), litter: await litterOf(lake) };
};

const isPublished = (path: string): boolean => /^\/curated\/processed\//.test(path);
const refusedObject = /^\/curated\/quarantine\/orders\/objects\//;

describe('an object for csv-map', () => {
  test.each(badObjects)(
    '$what: exit code $exitCode, rows $rows',
    async (bad) => {
      const { code, stderr, view, zones, litter } = await run(bad, '--workflow', 'csv-map');
      expect(code).toBe(bad.exitCode);
      const line = stderr.split('\n').at(-2) ?? '';
      for (const span of codeSpansOf(bad.sees)) expect(bad.exitCode === 0 ? stderr : line).toContain(span);
      expect(litter).toEqual([]);
      expect(zones.filter(isPublished).length > 0).toBe(bad.exitCode === 0);
      expect(zones.some((path) => refusedObject.test(path))).toBe(bad.rows === 'refused');
      const states = view.execution?.states.map(({ state }) => state) ?? [];
      if (bad.exitCode === 0) {
        const manifest = view.manifest?.status === 'published' ? view.manifest : null;
        expect(manifest && unaccounted(manifest.counts)).toBe(0);
        expect((manifest?.counts.quarantined ?? 0) > 0).toBe(bad.rows === 'malformed');
      } else {
        // What, where, what to do, in one line; and a notification before the Fail.
        expect(line).toMatch(/^sluice: .*incoming\/orders\/.*; .*$/);
        expect(states.at(-2)).toMatch(/^Notify(Validation|Quality)?Failure$/);
        expect(view.execution?.status).toBe('FAILED');
      }
      if (bad.type !== 'etl') return;
      expect(line).toMatch(/: sluice run .* --dataset orders --workflow etl --lake /);
      expect(await run(bad, '--workflow', 'etl')).toMatchObject({ code: 0 });
    },
    30_000,
  );

  test.each(badObjects)('$what: Step Functions’ own reader says $reader', async ({ content, reader }) => {
    expect((await readerSays(content)).startsWith(reader)).toBe(true);
  });
});
