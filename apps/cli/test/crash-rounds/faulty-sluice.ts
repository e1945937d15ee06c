import { registerHooks } from 'node:module';

// Loaded before the command line. Retries wait a hundredth of their time, failpoints leave a trace in SLUICE_TRACE, and
// SLUICE_FAULTS, `Faults` as JSON, says what goes wrong in batches.

const here = (name: string): string => new URL(name, import.meta.url).href;

/** What is put in the place of a module, made from its own source; `original` is the address of the real one. */
const changes: readonly (readonly [module: string, change: (source: string, original: string) => string])[] =
  [
    [
      '/local-stepfunctions/src/clock.ts',
      (source) =>
        replaced(source, 'const wakeAt = Date.now() + ms;', 'const wakeAt = Date.now() + ms / 100;'),
    ],
    [
      '/lake-storage/src/failpoint.ts',
      (_source, original) => `
      import { appendFileSync } from 'node:fs';
      import { failpoint as real } from '${original}';
      export const failpoint = (name) => {
        appendFileSync(process.env.SLUICE_TRACE, name + '\\n');
        real(name);
      };`,
    ],
    [
      '/cli/src/run/steps.ts',
      (_source, original) => `
      import { stepsOf as real } from '${original}';
      import { faulty } from '${here('faulty-steps.ts')}';
      export const stepsOf = (parts) => faulty(real(parts));`,
    ],
  ];

const replaced = (source: string, from: string, to: string): string => {
  if (!source.includes(from)) throw new Error(`no longer in the source: ${from}`);
  return source.replace(from, to);
};

registerHooks({
  load: (url, context, next) => {
    const change = changes.find(([module]) => url.endsWith(module))?.[1];
    if (!change) return next(url, context);
    const loaded = next(url, context);
    return { ...loaded, source: change(String(loaded.source), `${url}?original`) };
  },
});
