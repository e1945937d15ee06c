import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** A Java that Spark starts with. */
export interface Java {
  /** What JAVA_HOME has to be for Spark; null: it takes the `java` of PATH. */
  readonly home: string | null;
  /** 17 of `17.0.15`. */
  readonly release: number;
}

/** https://spark.apache.org/docs/3.5.6/#downloading */
const suitable = [8, 11, 17];

const run = promisify(execFile);

/**
 * The machine's Java, looked for where Spark's own scripts look: in JAVA_HOME, then in PATH. If there is none that Spark
 * runs on, one line that says what was found and what to install.
 */
export const findJava = async (env: NodeJS.ProcessEnv): Promise<Java | { readonly missing: string }> => {
  const { JAVA_HOME: home, PATH } = env;
  const found: string[] = [];
  for (const at of [
    ...(home ? [{ home, command: join(home, 'bin', 'java') }] : []),
    { home: null, command: 'java' },
  ]) {
    const release = await releaseOf(at.command, PATH);
    if (release !== null && suitable.includes(release)) return { home: at.home, release };
    const place = at.home === null ? 'PATH' : 'JAVA_HOME';
    if (release !== null) found.push(`Java ${release} in ${place}`);
    else if (at.home !== null) found.push('no Java in JAVA_HOME');
  }
  return {
    missing: `Spark 3.5 runs on Java 8, 11 or 17, and ${found.length === 0 ? 'no Java was found' : `there is ${found.join(' and ')}`}; install Java 17 (adoptium.net, \`apt install openjdk-17-jre-headless\`, \`brew install openjdk@17\`) and set JAVA_HOME to its folder`,
  };
};

/** Null if there is no such program, or none that tells its version. */
const releaseOf = async (command: string, path: string | undefined): Promise<number | null> => {
  try {
    const { stdout, stderr } = await run(command, ['-version'], { env: { PATH: path ?? '' } });
    const [, first, second] = /version "(\d+)(?:\.(\d+))?/.exec(`${stderr}${stdout}`) ?? [];
    if (first === undefined) return null;
    // Java 8 calls itself 1.8.
    return Number(first === '1' ? second : first);
  } catch {
    return null;
  }
};
