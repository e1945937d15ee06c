import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';

const listed = z.array(
  z.object({ coordinates: z.string(), path: z.string(), sha256: z.string().regex(/^[0-9a-f]{64}$/) }),
);
export type Jar = z.output<typeof listed>[number];

const MAVEN_CENTRAL = 'https://repo1.maven.org/maven2';
const TIMEOUT_MS = 120_000;

/** What Spark needs beside itself: Delta Lake, in the version that Glue 5.1 has. */
export const readJarList = async (): Promise<Jar[]> =>
  listed.parse(JSON.parse(await readFile(new URL('../jars.json', import.meta.url), 'utf8')));

/** Its hash is in its name, so that a file that is there is the one that is listed. */
export const jarPath = (folder: string, { path, sha256 }: Jar): string =>
  join(folder, `${sha256.slice(0, 12)}-${basename(path)}`);

/** Whatever of the jars is not in the folder yet. */
export const missingJars = (folder: string, jars: readonly Jar[]): Jar[] =>
  jars.filter((jar) => !existsSync(jarPath(folder, jar)));

/**
 * Fetches a jar from Maven Central, or from the repository that SLUICE_MAVEN_REPOSITORY names. A file of another hash is
 * not kept.
 *
 * @throws a one-line Error
 */
export const fetchJar = async (folder: string, jar: Jar, env: NodeJS.ProcessEnv): Promise<void> => {
  const url = `${(env.SLUICE_MAVEN_REPOSITORY || MAVEN_CENTRAL).replace(/\/$/, '')}/${jar.path}`;
  const bytes = await download(url);
  const hash = createHash('sha256').update(bytes).digest('hex');
  if (hash !== jar.sha256)
    throw new Error(
      `${url} is not the file that was expected: its SHA-256 is ${hash}, and ${jar.sha256} is pinned`,
    );
  await mkdir(folder, { recursive: true });
  const unfinished = join(folder, `${randomUUID()}.part`);
  try {
    await writeFile(unfinished, bytes, { flush: true });
    await rename(unfinished, jarPath(folder, jar));
  } finally {
    await rm(unfinished, { force: true });
  }
};

const download = async (url: string): Promise<Buffer> => {
  const why = (reason: string): Error =>
    new Error(`${url} could not be fetched: ${reason}; SLUICE_MAVEN_REPOSITORY may name another repository`);
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const response = await fetch(url, { signal }).catch((error: unknown) => {
    throw why(reasonOf(error));
  });
  if (!response.ok) throw why(`HTTP ${response.status}`);
  return Buffer.from(
    await response.arrayBuffer().catch((error: unknown) => {
      throw why(reasonOf(error));
    }),
  );
};

/** `fetch` says no more than "fetch failed"; what failed is its cause. */
const reasonOf = (error: unknown): string => {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  return cause instanceof Error ? cause.message : String(cause);
};
