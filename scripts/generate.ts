/**
 * Makes every committed file that is made from others. `--check` writes nothing and fails if one is out of date.
 */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Artefact, datasetArtefacts, GENERATED } from '../packages/datasets/generate/artefacts.ts';
import { makeCaseExceptions } from '../packages/record-transform/generate/case-exceptions.ts';

const root = new URL('../', import.meta.url);
const checkOnly = process.argv.includes('--check');

/** `make` yields null where the machine lacks what it takes. */
interface Generator extends Omit<Artefact, 'make'> {
  readonly make: () => Promise<string | null>;
  readonly needs?: string;
}

const generators: readonly Generator[] = [
  ...(await datasetArtefacts()),
  {
    path: 'packages/record-transform/src/generated/case-exceptions.ts',
    make: makeCaseExceptions,
    needs: 'a Java 17 in JAVA_HOME or the PATH',
  },
];

const stale: string[] = [];

for (const { path, make, needs } of generators) {
  const file = new URL(path, root);
  const made = await make();
  if (made === null) {
    console.warn(`SKIPPED ${path}: it needs ${needs}`);
    if (checkOnly && process.env.CI === 'true') stale.push(path);
    continue;
  }
  if (made === (await readFile(file, 'utf8').catch(() => null))) continue;
  stale.push(path);
  if (checkOnly) continue;
  await mkdir(dirname(file.pathname), { recursive: true });
  await writeFile(file, made);
}

const known = new Set(generators.map(({ path }) => path));
for (const name of await readdir(new URL(GENERATED, root))) {
  if (known.has(GENERATED + name)) continue;
  stale.push(GENERATED + name);
  if (!checkOnly) await rm(new URL(GENERATED + name, root));
}

for (const path of stale) console.log(`${checkOnly ? 'out of date' : 'made'}: ${path}`);
if (checkOnly && stale.length > 0) {
  console.error('Run `pnpm generate` and commit what it makes.');
  process.exitCode = 1;
}
