import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';

/** Only root may. */
export const canMount = process.platform === 'linux' && process.getuid?.() === 0;

const mount = (options: string, path: string): void => {
  execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', path], { stdio: 'pipe' });
};

export interface Disk {
  /** What is on it stays. */
  readonly change: (options: string) => void;
  readonly unmount: () => void;
}

/** A disk in memory: `size=4m`, `ro`. */
export const mountDisk = (path: string, options: string): Disk => {
  mkdirSync(path, { recursive: true });
  mount(options, path);
  return {
    change: (wanted) => mount(`remount,${wanted}`, path),
    unmount: () => {
      execFileSync('umount', ['-l', path]);
    },
  };
};
