import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';

/** What a whole process cost, with all that it started. */
export interface Measured {
  readonly seconds: number;
  /** Of all cores together, in user and system mode. */
  readonly cpuSeconds: number;
  /** Bytes in memory, of all its processes at one time. */
  readonly peakRss: number;
  readonly stdout: string;
}

/** Of an even number, the middle of the two in the middle; of none, NaN. */
export const median = (of: readonly number[]): number => {
  const sorted = of.toSorted((a, b) => a - b);
  const at = (index: number): number => sorted[index] ?? Number.NaN;
  return (at((of.length - 1) >> 1) + at(of.length >> 1)) / 2;
};

/** `median (least–most)` */
export const spread = (of: readonly number[], digits: number): string =>
  `${median(of).toFixed(digits)} (${Math.min(...of).toFixed(digits)}–${Math.max(...of).toFixed(digits)})`;

const SAMPLE_MS = 100;
/** sysconf(_SC_CLK_TCK): a constant of the kernel's interface on every architecture that Node has builds for. */
const TICKS_PER_SECOND = 100;

/** User and system time of all ended children; proc_pid_stat(5), fields 16 and 17. */
const childrenCpuSeconds = (): number => {
  // The second field is the program's name in brackets, which may itself hold blanks.
  const fields = readFileSync('/proc/self/stat', 'utf8').split(') ').at(-1)?.split(' ') ?? [];
  return (Number(fields[13]) + Number(fields[14])) / TICKS_PER_SECOND;
};

/** What of a process that may have ended by now is to be read. */
const ofLiving = (read: () => string): string => {
  try {
    return read();
  } catch {
    return '';
  }
};

const treeOf = (pid: number): readonly number[] => {
  const children = ofLiving(() =>
    readdirSync(`/proc/${pid}/task`)
      .map((thread) => ofLiving(() => readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8')))
      .join(' '),
  );
  return [pid, ...(children.match(/\d+/g) ?? []).flatMap((child) => treeOf(Number(child)))];
};

/** User and system time of a process itself. */
const cpuSecondsOf = (pid: number): number => {
  const fields =
    ofLiving(() => readFileSync(`/proc/${pid}/stat`, 'utf8'))
      .split(') ')
      .at(-1)
      ?.split(' ') ?? [];
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) / TICKS_PER_SECOND;
};

/** Bytes that a process has in memory, and had at most. */
const memoryOf = (pid: number): { readonly now: number; readonly peak: number } => {
  const status = ofLiving(() => readFileSync(`/proc/${pid}/status`, 'utf8'));
  const bytes = (name: string): number =>
    1024 * Number(new RegExp(`${name}:\\s*(\\d+) kB`).exec(status)?.[1] ?? 0);
  return { now: bytes('VmRSS'), peak: bytes('VmHWM') };
};

/** Runs a program to its end. Throws with its last words if it fails; needs Linux, for its figures are in /proc. */
export const measureProcess = (program: string, args: readonly string[]): Promise<Measured> => {
  if (process.platform !== 'linux') throw new Error('the benchmarks read /proc: run them on Linux');
  return new Promise((resolve, reject) => {
    const cpuBefore = childrenCpuSeconds();
    const start = performance.now();
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let peakRss = 0;
    const cpuSeen = new Map<number, number>();
    const sampler = setInterval(() => {
      const tree = treeOf(child.pid ?? 0);
      for (const pid of tree) cpuSeen.set(pid, Math.max(cpuSeen.get(pid) ?? 0, cpuSecondsOf(pid)));
      const all = tree.map(memoryOf);
      const together = all.reduce((sum, { now }) => sum + now, 0);
      // Between two samples a process may have had more than in either.
      peakRss = Math.max(peakRss, together, ...all.map(({ peak }) => peak));
    }, SAMPLE_MS);
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr = (stderr + text).slice(-2000);
    });
    child.on('error', reject);
    child.on('close', (code) => {
      clearInterval(sampler);
      const seconds = (performance.now() - start) / 1000;
      // Nobody waits for Spark's JVM, so that its time is not among that of ended children.
      const seen = [...cpuSeen.values()].reduce((sum, one) => sum + one, 0);
      const cpuSeconds = Math.max(childrenCpuSeconds() - cpuBefore, seen);
      if (code === 0) resolve({ seconds, cpuSeconds, peakRss, stdout });
      else reject(new Error(`${program} ${args.join(' ')} ended with ${code}: ${stderr}`));
    });
  });
};
