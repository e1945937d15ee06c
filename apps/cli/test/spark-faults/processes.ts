import { readdirSync, readFileSync } from 'node:fs';

/** Whom a fault hits. `worker`: a Python process that rows of JSON, or of CSV with line breaks in quotes, go through. */
export type Victim = 'driver' | 'jvm' | 'worker';

const ofLiving = (read: () => string): string => {
  try {
    return read();
  } catch {
    return '';
  }
};

const childrenOf = (pid: number): number[] =>
  ofLiving(() =>
    readdirSync(`/proc/${pid}/task`)
      .map((thread) => ofLiving(() => readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8')))
      .join(' '),
  )
    .split(' ')
    .filter(Boolean)
    .map(Number);

interface Running {
  readonly pid: number;
  readonly command: string;
  /** That of the process which started it. */
  readonly parent: string;
}

const descendantsOf = (pid: number, parent: string): Running[] =>
  childrenOf(pid).flatMap((child) => {
    const command = ofLiving(() => readFileSync(`/proc/${child}/cmdline`, 'utf8')).replaceAll('\0', ' ');
    return [{ pid: child, command, parent }, ...descendantsOf(child, command)];
  });

const isVictim: Readonly<Record<Victim, (one: Running) => boolean>> = {
  driver: ({ command }) => command.includes('local_job.py'),
  jvm: ({ command }) => /\bjava .*SparkSubmit/.test(command),
  // The daemon starts workers by forking itself.
  worker: ({ command, parent }) => command.includes('pyspark.daemon') && parent.includes('pyspark.daemon'),
};

/** Those that this process has started, or what it has started has. */
export const victims = (victim: Victim): number[] =>
  descendantsOf(process.pid, '')
    .filter(isVictim[victim])
    .map(({ pid }) => pid);

/** With no chance to tidy up. */
export const kill = (pid: number): void => {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
};
