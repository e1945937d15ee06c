import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { processName } from '@sluice/lake-storage/process-name';
import { type EnvironmentOptions, sparkEnvironment, sparkState } from '../src/environment.ts';
import { type Jar, readJarList } from '../src/jars.ts';
import { findJava } from '../src/java.ts';

let folder: string;
let repository: Server;
let served: Record<string, string>;
beforeAll(async () => {
  repository = createServer(({ url }, response) => {
    const body = served[url ?? ''];
    response.writeHead(body === undefined ? 404 : 200).end(body);
  });
  await new Promise<void>((resolve) => void repository.listen(0, '127.0.0.1', resolve));
});
afterAll(() => new Promise((resolve) => void repository.close(resolve)));

beforeEach(async () => {
  served = {};
  folder = await mkdtemp(join(tmpdir(), 'sluice-environment-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const makeCommand = async (path: string, script: string): Promise<void> => {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, `#!/bin/sh\n${script}`);
  await chmod(path, 0o755);
};

/** A `java` that says of itself what a Java of that version says. */
const makeJava = async (place: string, version: string): Promise<string> => {
  await makeCommand(
    join(folder, place, 'bin', 'java'),
    `echo 'openjdk version "${version}" 2026-01-20' >&2\n`,
  );
  return join(folder, place);
};

/** A Python that makes environments of itself, and whose pip writes down what it is told; it fails for a list with `broken`. */
const makePython = async (): Promise<string> => {
  const path = join(folder, 'python', 'bin', 'python3.11');
  await makeCommand(
    path,
    `case "$1 $2" in
  "-c "*) ;;
  "-m venv") mkdir -p "$4/bin" && cp "$0" "$4/bin/python" ;;
  "-m pip") echo "$@" >> "$(dirname "$0")/pip"; for list in "$@"; do :; done
    if grep -q broken "$list"; then echo 'first line' >&2; echo 'ERROR: no matching distribution' >&2; exit 1; fi ;;
esac
`,
  );
  return dirname(path);
};

const optionsOf = (env: NodeJS.ProcessEnv): EnvironmentOptions => ({ env, cache: join(folder, 'cache') });
const stateOf = (env: NodeJS.ProcessEnv) => sparkState(optionsOf(env));

describe('Java', () => {
  const nothing = { PATH: '/nowhere' };

  test('that is not there is one line that says what to install', async () => {
    const state = await stateOf(nothing);
    expect(state).toMatchObject({ state: 'impossible' });
    expect(state).toHaveProperty(
      'missing',
      expect.stringMatching(
        /^Spark 3\.5 runs on Java 8, 11 or 17, and no Java was found; install Java 17 [^\n]+$/,
      ),
    );
  });

  test('that Spark does not run on is named, with where it is', async () => {
    const home = await makeJava('new', '21.0.4');
    const state = await stateOf({ PATH: join(home, 'bin'), JAVA_HOME: join(folder, 'gone') });
    expect(state).toHaveProperty(
      'missing',
      expect.stringContaining('no Java in JAVA_HOME and Java 21 in PATH'),
    );
  });

  test.each(['1.8.0_402', '11.0.22', '17.0.15'])('%s will do', async (version) => {
    const home = await makeJava('java', version);
    const state = await stateOf({ PATH: `${join(home, 'bin')}:${process.env.PATH}` });
    expect(state).toEqual({ state: 'installable' });
  });

  test('of JAVA_HOME is taken before that of PATH, unless Spark does not run on it', async () => {
    const [old, good] = [await makeJava('old', '21.0.4'), await makeJava('good', '17.0.15')];
    const path = join(good, 'bin');
    expect(await findJava({ PATH: path, JAVA_HOME: old })).toEqual({ home: null, release: 17 });
    expect(await findJava({ PATH: path, JAVA_HOME: good })).toEqual({ home: good, release: 17 });
  });
});

test('looking whether Spark is there writes nothing', async () => {
  const home = await makeJava('java', '17.0.15');
  await stateOf({ PATH: `${join(home, 'bin')}:${process.env.PATH}` });
  expect(await readdir(folder)).toEqual(['java']);
});

const jarOf = (name: string, content: string, sha256?: string): Jar => {
  served[`/maven/${name}`] = content;
  return {
    coordinates: name,
    path: name,
    sha256: sha256 ?? createHash('sha256').update(content).digest('hex'),
  };
};

describe('installing', () => {
  let env: NodeJS.ProcessEnv;
  beforeEach(async () => {
    const { port } = repository.address() as AddressInfo; // it listens on a port
    env = {
      PATH: `${join(await makeJava('java', '17.0.15'), 'bin')}:${await makePython()}:/usr/bin:/bin`,
      SLUICE_MAVEN_REPOSITORY: `http://127.0.0.1:${port}/maven/`,
    };
  });

  const install = async (jars: readonly Jar[] = [], second = 'pyspark', others: NodeJS.ProcessEnv = env) => {
    const lists = [join(folder, 'first.txt'), join(folder, 'second.txt')] as const;
    await writeFile(lists[0], 'setuptools');
    await writeFile(lists[1], second);
    const told: string[] = [];
    const options = { ...optionsOf(others), lists, jars, onInstall: (line: string) => told.push(line) };
    return { ...(await sparkEnvironment(options)), told };
  };
  const kept = (place: string): Promise<string[]> => readdir(join(folder, 'cache', place)).catch(() => []);

  test('is done once by several at once, and then not again', async () => {
    const jars = [jarOf('a.jar', 'A'), jarOf('b.jar', 'B')];
    const [one, other] = await Promise.all([install(jars), install(jars)]);
    expect(other).toMatchObject({ python: one.python, jars: one.jars });
    expect([...one.told, ...other.told].filter((line) => line.startsWith('Installing'))).toHaveLength(1);
    expect((await install(jars)).told).toEqual([]);
  });

  test('leaves the environment, the jars, and nothing else', async () => {
    const { python, jars } = await install([jarOf('a.jar', 'A')]);
    expect(existsSync(python)).toBe(true);
    expect((await readdir(join(folder, 'cache'))).sort()).toEqual(['jars', 'python']);
    expect(await kept('python')).toHaveLength(1);
    expect(await kept('jars')).toEqual(jars.map((path) => basename(path)));
  });

  test('takes no file without its hash, and builds with what is there', async () => {
    const { python } = await install();
    const calls = (await readFile(join(dirname(python), 'pip'), 'utf8')).trim().split('\n');
    expect(calls.map((call) => call.split('/').at(-1))).toEqual(['first.txt', 'second.txt']);
    for (const call of calls) expect(call).toMatch(/ --require-hashes --no-build-isolation -r /);
  });

  test('replaces what was installed of another list, and what a killed process left', async () => {
    const before = await install();
    const { pid = 0 } = spawnSync('true');
    const half = `${processName().replace(/\d+$/, '')}${pid}.building`;
    await mkdir(join(folder, 'cache', 'python', half));
    const after = await install([], 'pyspark of tomorrow');
    expect(after.python).not.toBe(before.python);
    expect(await kept('python')).toEqual([basename(dirname(dirname(after.python)))]);
  });

  test("says pip's last line where packages cannot be installed, and leaves no half of them", async () => {
    await expect(install([], 'broken')).rejects.toThrow(
      "Spark's Python packages could not be installed: ERROR: no matching distribution",
    );
    expect(await kept('python')).toEqual([]);
  });

  test('keeps no jar of another hash, and says which it was', async () => {
    await expect(install([jarOf('a.jar', 'altered', '0'.repeat(64))])).rejects.toThrow(
      /^http:.*\/maven\/a\.jar is not the file that was expected: its SHA-256 is [0-9a-f]{64}, and 0{64} is pinned$/,
    );
    expect(await kept('jars')).toEqual([]);
  });

  test('says which file cannot be fetched, and why', async () => {
    const jar = jarOf('a.jar', 'A');
    served = {};
    await expect(install([jar])).rejects.toThrow(/^http:.*a\.jar could not be fetched: HTTP 404; /);
  });

  test('does not begin without a Java', async () => {
    await expect(install([], 'pyspark', { PATH: '/nowhere' })).rejects.toMatchObject({
      name: 'SparkMissing',
    });
    expect(existsSync(join(folder, 'cache'))).toBe(false);
  });

  test("hands on what Spark's scripts need of the user's variables, and no others", async () => {
    const { variables } = await install([], 'pyspark', {
      ...env,
      HOME: '/home/ada',
      SPARK_HOME: '/old/spark',
      PYTHONPATH: '/mine',
      AWS_SECRET_ACCESS_KEY: 'secret',
    });
    expect(variables).toEqual({ PATH: env.PATH, HOME: '/home/ada' });
  });
});

test('the jars are where Maven keeps what has their coordinates', async () => {
  for (const { coordinates, path } of await readJarList()) {
    const [group = '', artifact, version] = coordinates.split(':');
    expect(path).toBe(`${group.replaceAll('.', '/')}/${artifact}/${version}/${artifact}-${version}.jar`);
  }
});
