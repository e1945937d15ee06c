import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import { errnoOf } from './disk-error.ts';

const host = createHash('md5').update(hostname()).digest('hex').slice(0, 8);

/** `<host>.<pid>`: a lake on a shared disk has writers on several hosts, each with its own process ids. */
export function processName(): string {
  return `${host}.${process.pid}`;
}

/** Whether what begins with a `processName` is of a process that was on this host and is gone. */
export function isOrphan(name: string): boolean {
  const [itsHost, pid] = name.split('.');
  if (itsHost !== host || !/^\d+$/.test(pid ?? '')) return false;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (cause) {
    // EPERM: it lives and belongs to another user.
    return errnoOf(cause) === 'ESRCH';
  }
}
