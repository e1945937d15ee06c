import { registerHooks } from 'node:module';

// Loaded before the command line: failpoints write their names to a file instead of killing.
const tracing = `
  import { appendFileSync } from 'node:fs';
  export const failpoint = (name) => appendFileSync(process.env.SLUICE_TRACE, name + '\\n');
`;

registerHooks({
  load: (url, context, next) =>
    url.endsWith('/lake-storage/src/failpoint.ts')
      ? { format: 'module', shortCircuit: true, source: tracing }
      : next(url, context),
});
