import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { z } from 'zod';
import { listManifests } from '../../src/lake/manifests.ts';
import type { Lake } from '../../src/lake/open-lake.ts';
import { queryLake } from '../../src/query/query-lake.ts';
import { isBad, numberOf, poisonOf } from './numbered-records.ts';
import { hashOf, type StreamContents } from './stream-contents.ts';

interface Expected {
  readonly seed: number;
  /** Orders from 1 to `orders`, poison behind them up to `last`. */
  readonly orders: number;
  readonly last: number;
}

export interface Verdict {
  readonly wrong: readonly string[];
  /** Records of the stream, with the copies that producers made. */
  readonly inStream: number;
  readonly rawObjects: number;
}

const line = z.looseObject({ id: z.string() });
const aside = z.object({ stream: z.object({ shardId: z.string(), sequenceNumber: z.string() }) });
const quarantined = z.object({ record: line });

/** Holds the lake against what really is in the stream, number by number. */
export const verdictOf = async (
  lake: Lake,
  scratch: string,
  { copies, others }: StreamContents,
  { seed, orders, last }: Expected,
): Promise<Verdict> => {
  const wrong: string[] = [];
  const check = (holds: boolean, what: string): void => {
    if (!holds) wrong.push(what);
  };
  const numbers = Array.from({ length: orders }, (_, at) => at + 1);
  const bad = new Set(numbers.filter((number) => isBad(seed, number)));

  check(
    numbers.every((number) => copies.has(number)),
    'a number never came to the stream',
  );
  check(copies.size === orders, 'the stream has numbers that nobody sent');
  const poison = new Set(others.values());
  for (let number = orders + 1; number <= last; number += 1)
    check(poison.has(hashOf(poisonOf(number))), `poison ${number} never came to the stream`);

  // The raw zone has each record of the stream; copies that came in one batch have one line.
  const landed = new Map<number, number>();
  let rawLines = 0;
  const objects = await filesBelow(join(lake.root, 'raw/incoming'));
  for (const path of objects) {
    for (const text of linesIn(gunzipSync(await readFile(path)).toString('utf8'))) {
      rawLines += 1;
      const number = numberOf(line.parse(JSON.parse(text)).id);
      if (number === null) wrong.push(`${path} has what is no order`);
      else landed.set(number, (landed.get(number) ?? 0) + 1);
    }
  }
  for (const [number, times] of copies) {
    const lines = landed.get(number) ?? 0;
    check(
      lines >= 1 && lines <= times,
      `${number} is ${times} times in the stream, ${lines} times in the raw zone`,
    );
  }
  check(landed.size === copies.size, 'the raw zone has numbers that the stream has not');

  // Quarantine has each unreadable record of the stream once, by its sequence number.
  const setAside: string[] = [];
  const [fromRuns, fromDoor] = [[] as string[], [] as string[]];
  for (const path of await filesBelow(join(lake.root, 'curated/quarantine')))
    (path.includes('/records/') ? fromDoor : fromRuns).push(path);
  for (const path of fromDoor)
    for (const text of linesIn(await readFile(path, 'utf8'))) {
      const { stream } = aside.parse(JSON.parse(text));
      setAside.push(`${stream.shardId}:${stream.sequenceNumber}`);
    }
  check(new Set(setAside).size === setAside.length, 'a record was set aside twice');
  check(
    setAside.every((place) => others.has(place)),
    'a readable record was set aside',
  );
  check(setAside.length === others.size, `${others.size - setAside.length} unreadable records are nowhere`);

  // Each run's own sum, and all of them together.
  const manifests = await listManifests(lake.store);
  const counts = manifests.map((manifest) => (manifest.status === 'published' ? manifest.counts : null));
  const sum = (of: (one: NonNullable<(typeof counts)[number]>) => number): number =>
    counts.reduce((all, one) => all + (one ? of(one) : 0), 0);
  check(manifests.length === objects.length, `${objects.length} objects, ${manifests.length} manifests`);
  check(
    sum(({ rowsIn }) => rowsIn) === rawLines,
    `${rawLines} lines in the raw zone, ${sum(({ rowsIn }) => rowsIn)} rows in the runs`,
  );
  check(sum(({ filtered }) => filtered.length) === 0, 'rows were filtered');

  // Every number once: in the lake or, if its amount is none, in quarantine.
  const ask = async (sql: string) => (await queryLake(lake, sql, 2_000_000, scratch)).rows.flat();
  const unique = (await ask('SELECT id FROM orders_unique')).map((id) => numberOf(id) ?? -1);
  const inLake = new Set(unique);
  check(inLake.size === unique.length, 'a number is in the lake twice');
  const published = Number((await ask('SELECT count(*) FROM orders'))[0]);
  check(published === sum(({ accepted }) => accepted), 'files and manifests disagree');
  const inQuarantine = new Set<number>();
  for (const path of fromRuns)
    for (const text of linesIn(await readFile(path, 'utf8'))) {
      const { record } = quarantined.parse(JSON.parse(text));
      inQuarantine.add(numberOf(record.id) ?? -1);
    }
  for (const number of numbers) {
    const places = [inLake.has(number), inQuarantine.has(number)];
    check(
      places[0] === !bad.has(number) && places[1] === bad.has(number),
      `${number} is ${places[0] ? '' : 'not '}in the lake and ${places[1] ? '' : 'not '}in quarantine`,
    );
  }
  check(inLake.size + inQuarantine.size === orders, 'the lake has numbers that nobody sent');
  return { wrong: wrong.slice(0, 20), inStream: rawLines + others.size, rawObjects: objects.length };
};

const linesIn = (content: string): string[] => content.split('\n').filter((one) => one !== '');

const filesBelow = async (folder: string): Promise<string[]> => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
};
