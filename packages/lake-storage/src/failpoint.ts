/**
 * Kills this process, with no chance to tidy up, when it reaches the named point for the Nth time, if
 * `SLUICE_FAILPOINT` is `name` or `name:N`. Crash tests use it to prove that every write survives a power cut.
 *
 * This is the only reader of that variable. Lambdas are bundled with `withoutFailpoints`, which turns the condition
 * below into a constant, so that no deployed code holds a way to kill it.
 */
export function failpoint(name: string): void {
  if (process.env.SLUICE_FAILPOINT) killIfArmed(name, process.env.SLUICE_FAILPOINT);
}

let hits = 0;

function killIfArmed(name: string, setting: string): void {
  const [, armed = setting, nth = '1'] = /^(.*):(\d+)$/.exec(setting) ?? [];
  if (name !== armed) return;
  hits += 1;
  if (hits === Number(nth)) process.kill(process.pid, 'SIGKILL');
}
