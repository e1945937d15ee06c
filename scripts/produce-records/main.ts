#!/usr/bin/env node
import { enableCompileCache } from 'node:module';
import { setFlagsFromString } from 'node:v8';
import { help, parseArguments } from './arguments.ts';
import { EXIT, oneLine, ProduceError } from './produce-error.ts';

// Half of a short run is the loading of modules.
enableCompileCache();
// V8 lets the heap grow to four times what lives in it. Twice takes no longer, and sixty megabytes less.
setFlagsFromString('--heap-growing-percent=100');

const SIGNALS = { SIGINT: EXIT.interrupted, SIGTERM: EXIT.terminated } as const;

const main = async (args: readonly string[]): Promise<number> => {
  const stop = new AbortController();
  let stopped: keyof typeof SIGNALS | null = null;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      // Whoever asks twice does not want to wait. The checkpoint is as it was last written.
      if (stopped !== null) process.exit(SIGNALS[signal]);
      stopped = signal;
      stop.abort();
    });
  }
  // A reader that has seen enough, such as `head`, is no fault.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(EXIT.ok);
  });
  try {
    const parsed = parseArguments(args);
    if (!parsed) {
      process.stdout.write(help);
      return EXIT.ok;
    }
    // Whoever has mistyped an option does not wait for the SDK.
    const { runProduce } = await import('./run-produce.ts');
    const code = await runProduce(parsed, args, stop);
    return stopped === null ? code : SIGNALS[stopped];
  } catch (error) {
    process.stderr.write(`produce: ${oneLine(error)}\n`);
    if (process.env.SLUICE_DEBUG) console.error(error);
    if (stopped !== null) return SIGNALS[stopped];
    return error instanceof ProduceError ? error.exitCode : EXIT.fault;
  }
};

// Sockets that are kept open, and an input that nobody reads any more, would keep the process.
process.exit(await main(process.argv.slice(2)));
