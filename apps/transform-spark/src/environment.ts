import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { withLock } from '@sluice/lake-storage/disk-lock';
import { fetchJar, type Jar, jarPath, missingJars, readJarList } from './jars.ts';
import { findJava, type Java } from './java.ts';
import { findPython, makePythonEnvironment, type PackageLists, pythonOf, removeOutdated } from './python.ts';

/** What the Spark program needs to run on this machine. */
export interface SparkEnvironment {
  /** The `python` of our own virtual environment, with pyspark and pyarrow in it. */
  readonly python: string;
  /** Variables that it gets, and no others of ours: so a SPARK_HOME or a PYTHONPATH of the user's changes nothing. */
  readonly variables: Readonly<Record<string, string>>;
  /** Delta Lake's. */
  readonly jars: readonly string[];
}

export type SparkState =
  | { readonly state: 'installed'; readonly environment: SparkEnvironment }
  /** The machine has a Java and a Python; the packages have not been fetched. */
  | { readonly state: 'installable' }
  /** One line: what was found, and what to install. */
  | { readonly state: 'impossible'; readonly missing: string };

/** Something that the user has to install. The message is one line. */
export class SparkMissing extends Error {
  override readonly name = 'SparkMissing';
}

export interface EnvironmentOptions {
  readonly env: NodeJS.ProcessEnv;
  /** Where packages and jars are kept. Default: `.cache/spark` of this checkout. */
  readonly cache?: string;
  readonly lists?: PackageLists;
  readonly jars?: readonly Jar[];
}

export interface InstallOptions extends EnvironmentOptions {
  /** Called with a line for people before something is fetched. */
  readonly onInstall?: (line: string) => void;
}

const pathOf = (name: string): string => fileURLToPath(new URL(`../${name}`, import.meta.url));

/** setuptools comes first: pyspark is a source package, and is built with it. */
const ownLists: PackageLists = [pathOf('requirements-build.txt'), pathOf('requirements.txt')];

/** As measured with the lists as they are: what pip fetches, and what lies on the disk afterwards. */
const SIZES = 'a download of 360 MB, 520 MB on the disk';

/** Whether Spark can run here, without fetching anything. */
export const sparkState = async (options: EnvironmentOptions): Promise<SparkState> => {
  const { env, cache, lists, jars } = await settled(options);
  const java = await findJava(env);
  if ('missing' in java) return { state: 'impossible', missing: java.missing };
  const python = await pythonOf(pythonFolder(cache), lists);
  if (existsSync(python) && missingJars(jarFolder(cache), jars).length === 0) {
    const paths = jars.map((jar) => jarPath(jarFolder(cache), jar));
    return { state: 'installed', environment: { python, variables: variablesOf(env, java), jars: paths } };
  }
  const system = await findPython(env);
  return 'missing' in system ? { state: 'impossible', missing: system.missing } : { state: 'installable' };
};

/**
 * Spark, ready to run: what is not there yet is fetched into our own cache, every file pinned by its hash. Of several
 * processes one fetches it and the others wait.
 *
 * @throws {SparkMissing} if the machine has no Java or Python for it; an Error of one line if something cannot be fetched
 */
export const sparkEnvironment = async (options: InstallOptions): Promise<SparkEnvironment> => {
  const before = await sparkState(options);
  if (before.state === 'installed') return before.environment;
  if (before.state === 'impossible') throw new SparkMissing(before.missing);
  const settings = await settled(options);
  const { cache } = settings;
  await mkdir(cache, { recursive: true });
  const onWait = (): void => options.onInstall?.('Another process installs Spark; waiting for it.');
  const waiting = { patienceMs: Number.POSITIVE_INFINITY, onWait };
  return withLock(join(cache, 'lock'), cache, () => install(settings, options), waiting);
};

const install = async (
  { env, cache, lists, jars }: Settled,
  options: InstallOptions,
): Promise<SparkEnvironment> => {
  const python = await pythonOf(pythonFolder(cache), lists);
  if (!existsSync(python)) {
    const system = await findPython(env);
    if ('missing' in system) throw new SparkMissing(system.missing);
    options.onInstall?.(`Installing Spark 3.5.6 into ${cache}, once: ${SIZES}.`);
    await makePythonEnvironment(system.command, pythonFolder(cache), lists, env);
    await removeOutdated(pythonFolder(cache), lists);
  }
  for (const jar of missingJars(jarFolder(cache), jars)) {
    options.onInstall?.(`Fetching ${jar.coordinates}.`);
    await fetchJar(jarFolder(cache), jar, env);
  }
  const after = await sparkState(options);
  if (after.state === 'installed') return after.environment;
  throw new SparkMissing(after.state === 'impossible' ? after.missing : `Spark is not whole in ${cache}`);
};

interface Settled {
  readonly env: NodeJS.ProcessEnv;
  readonly cache: string;
  readonly lists: PackageLists;
  readonly jars: readonly Jar[];
}

const settled = async (options: EnvironmentOptions): Promise<Settled> => ({
  env: options.env,
  cache: options.cache ?? fileURLToPath(new URL('../../../.cache/spark', import.meta.url)),
  lists: options.lists ?? ownLists,
  jars: options.jars ?? (await readJarList()),
});

const pythonFolder = (cache: string): string => join(cache, 'python');
const jarFolder = (cache: string): string => join(cache, 'jars');

/** Spark's scripts take JAVA_HOME, else the `java` of PATH. */
const variablesOf = (env: NodeJS.ProcessEnv, { home }: Java): Record<string, string> => {
  const variables: Record<string, string> = home === null ? {} : { JAVA_HOME: home };
  for (const name of ['PATH', 'HOME', 'USER', 'LANG', 'LC_ALL']) {
    const value = env[name];
    if (value !== undefined) variables[name] = value;
  }
  return variables;
};
