/**
 * Makes every committed file that is made from others: what the `generate/artefacts.ts` of each workspace lists.
 * `--check` writes nothing and fails if a file is out of date.
 */
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';

const root = new URL('../', import.meta.url);
const checkOnly = process.argv.includes('--check');

interface Artefact {
  /** From the root of the repository. */
  readonly path: string;
  /** The file's text, or null where the machine lacks what `needs` names. */
  readonly make: () => Promise<string | null>;
  readonly needs?: string;
}

/** What a `generate/artefacts.ts` exports. */
interface Generators {
  readonly artefacts: () => Promise<readonly Artefact[]>;
  /** A folder that holds nothing but artefacts: any other file in it is of something that is gone. */
  readonly folder?: string;
}

const rooms = await Promise.all(
  ['apps/', 'packages/'].map(async (room) =>
    (await readdir(new URL(room, root))).map((name) => `${room}${name}/`),
  ),
);
const sources = [...rooms.flat(), 'infra/', 'scripts/']
  .map((workspace) => new URL(`${workspace}generate/artefacts.ts`, root))
  .filter((file) => existsSync(file));

const stale: string[] = [];

const renew = async ({ path, make, needs }: Artefact): Promise<void> => {
  const file = new URL(path, root);
  const made = await make();
  if (made === null) {
    console.warn(`SKIPPED ${path}: making it needs ${needs}`);
    if (checkOnly && process.env.CI === 'true') stale.push(path);
    return;
  }
  if (made === (await readFile(file, 'utf8').catch(() => null))) return;
  stale.push(path);
  if (checkOnly) return;
  await mkdir(new URL('.', file), { recursive: true });
  await writeFile(file, made);
};

for (const source of sources) {
  const { artefacts, folder } = (await import(source.href)) as Generators; // by the convention above
  const listed = await artefacts();
  for (const artefact of listed) await renew(artefact);
  if (folder === undefined) continue;
  for (const name of await readdir(new URL(folder, root))) {
    const path = folder + name;
    if (listed.some((artefact) => artefact.path === path)) continue;
    stale.push(path);
    if (!checkOnly) await rm(new URL(path, root));
  }
}

for (const path of stale) console.log(`${checkOnly ? 'out of date' : 'changed'}: ${path}`);
if (checkOnly && stale.length > 0) {
  console.error('Run `pnpm generate` and commit what it makes.');
  process.exitCode = 1;
}
